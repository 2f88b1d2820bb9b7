// Random lives of links: the send queue against the simple model at every step, and against a simulated
// kernel and receiver for what it promises: order, no loss, no duplicate of its own, bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/protocol/random.hpp"
#include "queue_fixture.hpp"
#include "queue_model.hpp"

namespace hawser::client::send_queue_random_test {
namespace {

// A copy of a message on its way over one link.
struct wire_copy {
  std::uint64_t sequence;
  std::string id;
  message_priority priority;
  bool acked;
  bool restored;
  bool stale = false;  // its message is done; another may have its id by now
  std::uint64_t key() const { return sequence + (restored ? 0 : 1'000'000); }
};

// One queue, one model, one receiver, and one link after the other between them.
class world {
 public:
  explicit world(hawser::test::random_source& random) : random_(random), settings_(random_settings()) {}

  void live(int steps);  // the life of one link, from connected to lost, with time before it
  void finish();         // a link without trouble until all is done
  int settled() const { return settled_; }

 private:
  queue_settings random_settings();
  time_ms some_time(std::size_t most) { return static_cast<time_ms>(16 * (1 + random_.below(most))); }
  void step();
  void push();
  void restore();
  void hand_over();
  void kernel_takes(std::size_t count);
  void receiver_gets(std::size_t count);
  void receiver_acks();
  void timer(time_ms later);
  void cancel();
  void lose();
  void compare();
  void check_events(const log& events);

  hawser::test::random_source& random_;
  const queue_settings settings_;
  event_log events_;
  send_queue queue_{settings_, events_};
  queue_model model_{settings_};
  time_ms now_ = 16'000;
  bool connected_ = false;
  std::uint32_t names_ = 0;
  std::uint64_t oldest_ = 1000;  // restored messages have sequences from here downwards and up again

  std::vector<wire_copy> wire_;  // of this link: handed over …
  std::size_t taken_ = 0;        // … and taken by the kernel …
  std::size_t received_ = 0;     // … and received
  std::vector<std::string> acks_;
  std::set<std::uint64_t> seen_;  // keys of the messages that the receiver has
  std::array<std::uint64_t, priorities> last_{};
  struct promise {
    std::uint64_t key;
    bool acked;
  };
  std::map<std::string, promise> promised_;  // by id: acked and durable messages that are not done
  int settled_ = 0;
};

queue_settings world::random_settings() {
  queue_settings s;
  s.max_count = random_.below(12);
  s.max_bytes = 20 + random_.below(200);
  s.max_messages = random_.one_in(4) ? 1 + random_.below(20) : 1000;
  s.overflow = static_cast<overflow_policy>(random_.below(4));
  s.ack_timeout = some_time(20);
  s.max_retries = static_cast<std::uint32_t>(random_.below(5));
  s.default_ttl = random_.one_in(6) ? some_time(60) : 0;
  return s;
}

void world::push() {
  static const std::vector<std::uint8_t> bytes(300, 'x');
  model_message m;
  m.bytes = random_.below(random_.one_in(10) ? 250 : 30);
  m.priority = static_cast<message_priority>(random_.below(priorities));
  m.acked = random_.one_in(2);
  m.durable = random_.one_in(4);
  if (m.kept()) m.id = "m" + std::to_string(random_.one_in(20) ? random_.below(names_ + 1) : ++names_);
  if (random_.one_in(4)) m.token = static_cast<std::uint32_t>(1 + random_.below(200));
  if (random_.one_in(5)) m.expires_at = now_ - 32 + some_time(50);
  outgoing o;
  o.payload = std::span(bytes).first(m.bytes);
  o.id = m.id;
  o.token = m.token;
  o.priority = m.priority;
  o.acked = m.acked;
  o.durable = m.durable;
  o.expires_at = m.expires_at;
  const push_result expected = model_.push(m, now_, connected_);
  const push_result result =
      random_.one_in(5)
          ? queue_.push(o, std::vector<std::uint8_t>(o.payload.begin(), o.payload.end()), now_, connected_)
          : queue_.push(o, now_, connected_);
  ASSERT_EQ(result, expected);
  if (result != push_result::accepted) return;
  if (m.kept()) promised_[m.id] = {queue_.last_sequence() + 1'000'000, m.acked};
  if (!connected_) {
    ASSERT_LE(queue_.waiting(), settings_.max_count);
  }
}

// A batch from the store, in its order.
void world::restore() {
  for (std::size_t n = 1 + random_.below(4); n > 0; --n) {
    model_message m;
    m.sequence = oldest_++;
    m.restored = true;
    m.bytes = random_.below(30);
    m.id = "r" + std::to_string(m.sequence);
    m.priority = static_cast<message_priority>(random_.below(priorities));
    m.durable = true;
    m.acked = random_.one_in(2);
    static const std::vector<std::uint8_t> bytes(30, 'r');
    outgoing o;
    o.sequence = m.sequence;
    o.payload = std::span(bytes).first(m.bytes);
    o.id = m.id;
    o.priority = m.priority;
    o.acked = m.acked;
    o.durable = true;
    const push_result expected = model_.restore(m, now_);
    ASSERT_EQ(queue_.restore(o, now_), expected);
    if (expected == push_result::accepted) promised_[m.id] = {m.sequence, m.acked};
  }
}

void world::hand_over() {
  const std::uint64_t expected = model_.next(now_);
  const outgoing* const m = queue_.next(now_);
  ASSERT_EQ(m != nullptr ? m->sequence : 0, expected);
  if (m == nullptr) return;
  ASSERT_TRUE(m->expires_at == 0 || m->expires_at > now_);
  for (const std::uint8_t byte : m->payload) ASSERT_TRUE(byte == 'x' || byte == 'r');
  wire_.push_back({m->sequence, std::string(m->id), m->priority, m->acked, m->id.starts_with('r')});
}

void world::kernel_takes(std::size_t count) {
  count = std::min(count, wire_.size() - taken_);
  taken_ += count;
  model_.flushed(count, now_);
  ASSERT_EQ(queue_.flushed(count, now_), count);
}

void world::receiver_gets(std::size_t count) {
  for (; count > 0 && received_ < taken_; --count) {
    const wire_copy& m = wire_[received_++];
    if (m.acked && !m.stale) acks_.push_back(m.id);
    if (!seen_.insert(m.key()).second) {
      ASSERT_TRUE(m.acked) << "a message without ack came twice";
      continue;
    }
    if (m.restored) continue;
    std::uint64_t& last = last_[static_cast<std::size_t>(m.priority)];
    ASSERT_GT(m.sequence, last) << "out of order";
    last = m.sequence;
  }
}

// One ack arrives, or is lost; not always the oldest.
void world::receiver_acks() {
  if (acks_.empty()) return;
  const std::size_t i = random_.one_in(4) ? random_.below(acks_.size()) : 0;
  const std::string id = acks_[i];
  acks_.erase(acks_.begin() + static_cast<std::ptrdiff_t>(i));
  if (random_.one_in(6)) return;
  const bool expected = model_.acknowledged(id);
  ASSERT_EQ(queue_.acknowledged(id), expected);
}

void world::timer(time_ms later) {
  now_ += later;
  if (random_.one_in(3)) return;  // late: a push or next() comes first
  model_.on_timer(now_);
  queue_.on_timer(now_);
}

void world::cancel() {
  const auto token = static_cast<std::uint32_t>(random_.below(200));
  const bool expected = model_.cancel(token);
  ASSERT_EQ(queue_.cancel(token), expected);
}

// The kernel's word is exact; what it took, the receiver may have got or not.
void world::lose() {
  receiver_gets(random_.below(wire_.size() + 1));
  model_.link_lost();
  queue_.link_lost(now_);
  wire_.clear();
  acks_.clear();
  taken_ = received_ = 0;
  connected_ = false;
}

void world::check_events(const log& events) {
  for (const std::string& line : events) {
    const std::string what = line.substr(0, line.find(' '));
    const std::string id = line.substr(line.find(' ') + 1);
    if (what == "settled") ++settled_;
    const auto found = promised_.find(id);
    if (found == promised_.end()) continue;
    ASSERT_NE(what, "overflow") << "acked and durable messages are never evicted";
    if (what == "settled" && found->second.acked) {
      ASSERT_TRUE(seen_.contains(found->second.key)) << id << " was not received";
    }
    promised_.erase(found);
    std::erase(acks_, id);
    for (wire_copy& copy : wire_) {
      if (copy.id == id) copy.stale = true;
    }
  }
}

void world::compare() {
  log got = events_.take(), expected = std::exchange(model_.events, {});
  std::sort(got.begin(), got.end());
  std::sort(expected.begin(), expected.end());
  ASSERT_EQ(got, expected);
  check_events(got);
  const queue_counters c = queue_.counters();
  ASSERT_EQ(c.waiting[0] + c.waiting[1] + c.waiting[2], model_.count(message_state::waiting));
  ASSERT_EQ(c.in_flight, model_.count(message_state::in_flight));
  ASSERT_EQ(c.unacknowledged, model_.count(message_state::unacknowledged));
  ASSERT_EQ(c.bytes, model_.bytes());
  ASSERT_LE(c.bytes, settings_.max_bytes);
  ASSERT_LE(model_.messages(), settings_.max_messages);
  ASSERT_GE(c.high_water_bytes, c.bytes);
  std::uint64_t out = c.settled;
  for (const std::uint64_t n : c.dropped) out += n;
  std::size_t gone = 0;
  for (const model_message& m : model_.all()) gone += m.gone ? 1 : 0;
  ASSERT_EQ(c.accepted + c.restored, out + model_.messages() - gone);
  ASSERT_EQ(queue_.empty(), model_.messages() == gone);

  const time_ms due = queue_.next_deadline(now_);
  for (const model_message& m : model_.all()) {
    if (m.state == message_state::unacknowledged) {
      ASSERT_TRUE(due > 0 && due <= std::max(m.ack_deadline, now_)) << "told too late of an ack";
    } else if (m.state == message_state::waiting && m.expires_at != 0) {
      ASSERT_TRUE(due > 0 && due <= std::max(m.expires_at, now_) + 16) << "told too late of an expiry";
    }
  }
}

void world::step() {
  const std::size_t what = random_.below(40);
  if (what < 14) {
    push();
  } else if (what < 22) {
    if (connected_) hand_over();
  } else if (what < 28) {
    kernel_takes(random_.below(4));
  } else if (what < 32) {
    receiver_gets(random_.below(4));
  } else if (what < 36) {
    receiver_acks();
  } else if (what < 38) {
    timer(some_time(12));
  } else if (what == 38) {
    cancel();
  } else if (random_.one_in(20)) {
    const std::size_t expected = model_.clear();
    ASSERT_EQ(queue_.clear(), expected);
  } else if (random_.one_in(10)) {
    restore();
  }
}

void world::live(int steps) {
  for (int i = 0; i < 2 * steps && !::testing::Test::HasFatalFailure(); ++i) {
    if (i == steps / 2) connected_ = true;
    step();
    if (!::testing::Test::HasFatalFailure()) compare();
  }
  if (::testing::Test::HasFatalFailure()) return;
  lose();
  compare();
}

void world::finish() {
  connected_ = true;
  while (!queue_.empty() && !::testing::Test::HasFatalFailure()) {
    const std::size_t before = wire_.size();
    do {
      hand_over();
    } while (!wire_.empty() && wire_.size() > before && queue_.waiting() > 0 &&
             !::testing::Test::HasFatalFailure());
    kernel_takes(wire_.size());
    receiver_gets(wire_.size());
    for (const std::string& id : std::exchange(acks_, {})) {
      const bool expected = model_.acknowledged(id);
      ASSERT_EQ(queue_.acknowledged(id), expected);
    }
    compare();
  }
  ASSERT_TRUE(promised_.empty()) << promised_.begin()->first << " was neither settled nor dropped";
  ASSERT_EQ(queue_.next_deadline(now_), 0);
}

TEST(send_queue, holds_its_promises_over_many_lives_of_links) {
  hawser::test::random_source random;
  int lives = 0, settled = 0;
  for (int round = 0; round < 1000; ++round) {
    world w(random);
    for (int link = 0; link < 20; ++link, ++lives) {
      w.live(static_cast<int>(2 + random.below(30)));
      ASSERT_FALSE(HasFatalFailure()) << "seed " << random.seed() << " round " << round << " link " << link;
    }
    w.finish();
    ASSERT_FALSE(HasFatalFailure()) << "seed " << random.seed() << " round " << round << " at the end";
    settled += w.settled();
  }
  EXPECT_EQ(lives, 20'000);
  EXPECT_GT(settled, lives / 2) << "the simulation must not starve";
}

}  // namespace
}  // namespace hawser::client::send_queue_random_test
