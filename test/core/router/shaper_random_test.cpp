// Random routes and feeds: against a model that looks at every millisecond, and under an output that often
// has no room.
#include <algorithm>
#include <map>
#include <optional>

#include "core/protocol/random.hpp"
#include "shaper_fixture.hpp"

namespace hawser::router::shaper_random_test {
namespace {

using namespace test;
using hawser::test::random_source;

struct feed_message {
  time_ms at = 0;
  std::string text;
  field_value key;
  std::string key_name;
  std::vector<field_value> columns;
  std::string row;

  const std::string& member(const route_spec& spec) const { return spec.columns.empty() ? text : row; }
};

// A key and the name under which the model knows it.
std::pair<field_value, std::string> random_key(random_source& random, std::size_t keys) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (int i = 0; i < 100; ++i)
      all.push_back(std::string(static_cast<std::size_t>(i % 37), 'k') + std::to_string(i));
    return all;
  }();
  const std::size_t i = random.below(keys);
  switch (i % 10) {
    case 7:
      return {number_field(static_cast<double>(i)), "number" + std::to_string(i)};
    case 8:
      return {field_of(i < 20 ? field_value::kind::missing : field_value::kind::container), "missing"};
    case 9:
      return {field_of(i < 20 ? field_value::kind::null : field_value::kind::boolean, i < 60), i < 20 ? "null"
                                                                                               : i < 60
                                                                                                   ? "yes"
                                                                                                   : "no"};
    default:
      return {text_field(names[i]), "text" + names[i]};
  }
}

feed_message random_message(random_source& random, const route_spec& spec, std::size_t keys, time_ms at,
                            int number) {
  feed_message message;
  message.at = at;
  message.text = std::to_string(number) + "," + random.ascii(random.below(120));
  std::tie(message.key, message.key_name) = random_key(random, keys);
  std::vector<double> row;
  for (std::size_t i = 0; i < spec.columns.size(); ++i) {
    const bool hole = i > 0 && random.one_in(4);
    message.columns.push_back(hole ? text_field("5") : number_field(number * 10 + static_cast<int>(i)));
    row.push_back(hole ? NAN : number * 10 + static_cast<double>(i));
  }
  message.row = row_text(row);
  return message;
}

route_spec random_spec(random_source& random) {
  route_spec spec;
  while (spec.plain()) {
    if (random.one_in(2)) {
      spec.sample =
          sample_spec{static_cast<sample_mode>(random.below(3)), 1 + static_cast<time_ms>(random.below(40))};
    }
    if (random.one_in(2)) {
      spec.conflate =
          conflate_spec{{},
                        1 + static_cast<time_ms>(random.below(80)),
                        static_cast<std::uint32_t>(random.one_in(2) ? 10'000 : 1 + random.below(20))};
    }
    if (random.one_in(2)) {
      spec.batch = batch_spec{static_cast<std::uint32_t>(1 + random.below(random.one_in(2) ? 300 : 8)),
                              1 + static_cast<time_ms>(random.below(120))};
      if (random.one_in(2)) spec.columns = batched(1, 1, 1 + random.below(4)).columns;
    }
  }
  return spec;
}

// The same by the plainest means: a tick for each millisecond, lists, no bound of bytes but the batch's.
class model {
 public:
  model(const route_spec& spec, std::size_t batch_bytes) : spec_(spec), batch_bytes_(batch_bytes) {}

  std::vector<sent_record> sent;

  void tick(time_ms now) {
    now_ = now;
    if (waiting_ && waiting_due_ == now) {
      const feed_message message = *waiting_;
      waiting_.reset();
      conflate(message);
    }
    while (!keys_.empty() && keys_.front().second == now) go();
    if (!batch_.empty() && batch_due_ == now) send();
  }

  void take(const feed_message& message) {
    if (!spec_.sample) return conflate(message);
    const time_ms every = spec_.sample->every;
    if (first_ < 0) first_ = now_;
    switch (spec_.sample->mode) {
      case sample_mode::throttle:
        if (now_ < open_) return;
        open_ = now_ + every;
        return conflate(message);
      case sample_mode::debounce:
        waiting_due_ = now_ + every;
        break;
      case sample_mode::sample:
        waiting_due_ = now_ + every - (now_ - first_) % every;
        break;
    }
    waiting_ = message;
  }

 private:
  void conflate(const feed_message& message) {
    if (!spec_.conflate) return gather(message);
    const auto same = [&](const auto& entry) { return entry.first.key_name == message.key_name; };
    const auto at = std::find_if(keys_.begin(), keys_.end(), same);
    if (at != keys_.end()) {
      at->first = message;
      return;
    }
    keys_.emplace_back(message, now_ + spec_.conflate->every);
    if (keys_.size() > spec_.conflate->max_keys) go();
  }

  void go() {
    const feed_message message = keys_.front().first;
    keys_.erase(keys_.begin());
    gather(message);
  }

  void gather(const feed_message& message) {
    if (!spec_.batch) {
      sent.push_back(message_at(now_, message.text));
      return;
    }
    const bool columns = !spec_.columns.empty();
    const std::size_t weight = columns ? 8 * spec_.columns.size() : message.text.size() + 5;
    if (!columns && !batch_.empty() && weight_ + weight > batch_bytes_) send();
    if (batch_.empty()) batch_due_ = now_ + spec_.batch->every;
    batch_.push_back(message.member(spec_));
    not_numbers_ += static_cast<std::uint32_t>(std::count(message.row.begin(), message.row.end(), '-'));
    weight_ += weight;
    const bool large = columns ? weight_ - 1 + weight > batch_bytes_ : weight_ >= batch_bytes_;
    if (large || batch_.size() == spec_.batch->max) send();
  }

  void send() {
    if (spec_.columns.empty()) {
      sent.push_back(batch_at(now_, batch_));
    } else {
      sent.push_back(columns_at(now_, batch_, not_numbers_));
    }
    batch_.clear();
    weight_ = 1;
    not_numbers_ = 0;
  }

  const route_spec spec_;
  const std::size_t batch_bytes_;
  time_ms now_ = 0;
  time_ms first_ = -1;
  time_ms open_ = 0;
  std::optional<feed_message> waiting_;
  time_ms waiting_due_ = 0;
  std::vector<std::pair<feed_message, time_ms>> keys_;
  std::vector<std::string> batch_;
  std::size_t weight_ = 1;
  std::uint32_t not_numbers_ = 0;
  time_ms batch_due_ = 0;
};

TEST(shaper_random, equals_the_model) {
  random_source random;
  for (int round = 0; round < 600; ++round) {
    const route_spec spec = random_spec(random);
    const std::size_t batch_bytes = random.one_in(2) ? 1 << 20 : 100 + random.below(2000);
    const std::size_t keys = 1 + random.below(100);
    const std::size_t density = 1 + random.below(20);  // messages in ten milliseconds, about
    // A punctual shell gives the times too; one that seldom calls run() the same records, later.
    const bool punctual = random.one_in(2);
    model expected(spec, batch_bytes);
    shaping s(spec, {.batch_bytes = batch_bytes});
    int number = 0;
    for (time_ms now = 1; now < 1200; ++now) {
      expected.tick(now);
      if (punctual ? s.it.next_deadline() == now : random.one_in(50)) s.run(now);
      ASSERT_TRUE(!punctual || s.it.next_deadline() == 0 || s.it.next_deadline() > now);
      if (now > 700 || (now > 300 && now < 400)) continue;
      for (std::size_t n = random.below(10 + density) / 10; n > 0; --n) {
        const feed_message message = random_message(random, spec, keys, now, ++number);
        expected.take(message);
        ASSERT_TRUE(s.take(now, message.text, message.key, message.columns));
      }
    }
    s.run(1200);
    if (!punctual) {
      for (auto* records : {&expected.sent, &s.out.records}) {
        for (sent_record& record : *records) record.at = 0;
      }
    }
    const shaper_counters& counters = s.it.counters();
    ASSERT_EQ(s.out.records, expected.sent) << "seed " << random.seed() << " round " << round;
    ASSERT_EQ(s.it.held(), 0u);
    ASSERT_EQ(counters.in, static_cast<std::uint64_t>(number));
    ASSERT_EQ(counters.in, counters.out + counters.dropped + counters.conflated) << "seed " << random.seed();
    ASSERT_EQ(counters.out, s.out.members().size());
  }
}

// What must hold however little room there is: nothing lost, nothing twice, order, bounds, the latest wins.
TEST(shaper_random, keeps_its_promises_under_back_pressure) {
  random_source random;
  for (int round = 0; round < 300; ++round) {
    const route_spec spec = random_spec(random);
    const shaper_limits limits{.conflate_bytes = random.one_in(2) ? 16 << 20 : 500 + random.below(5000),
                               .batch_bytes = random.one_in(2) ? 1 << 20 : 100 + random.below(2000)};
    const std::size_t keys = 1 + random.below(100);
    const std::size_t scarcity = 1 + random.below(60);
    shaping s(spec, limits);
    s.out.room = 0;
    std::map<std::string, feed_message> by_member;
    std::vector<std::string> taken;
    std::map<std::string, std::string> latest;
    std::string where = "seed " + std::to_string(random.seed()) + " round " + std::to_string(round);
    const std::size_t bound =
        1 + (spec.conflate ? spec.conflate->max_keys + 1 : 0) + (spec.batch ? spec.batch->max : 0);
    int number = 0;
    const auto check = [&](time_ms now) {
      const shaper_counters& counters = s.it.counters();
      ASSERT_EQ(counters.in, taken.size()) << where;
      ASSERT_EQ(counters.in, counters.out + counters.dropped + counters.conflated + s.it.held()) << where;
      ASSERT_LE(s.it.held(), bound) << where;
      ASSERT_TRUE(s.it.next_deadline() == 0 || s.it.next_deadline() > now || !s.it.blocked()) << where;
    };
    for (time_ms now = 1; now < 600; ++now) {
      if (random.one_in(scarcity)) {
        s.out.room = random.below(4);
        if (s.it.blocked()) s.run(now);
      }
      if (s.it.next_deadline() != 0 && s.it.next_deadline() <= now && !random.one_in(5)) s.run(now);
      for (std::size_t n = random.below(4); n > 0; --n) {
        const feed_message message = random_message(random, spec, keys, now, ++number);
        const std::string member = message.member(spec);
        const bool ready = s.it.ready(now);
        const std::size_t held = s.it.held();
        ASSERT_EQ(s.take(now, message.text, message.key, message.columns), ready) << where;
        if (ready) {
          taken.push_back(member);
          latest[message.key_name] = member;
          by_member[member] = message;
        } else {
          ASSERT_EQ(s.it.held(), held);
          ASSERT_TRUE(s.it.blocked()) << where;
        }
        check(now);
      }
    }
    for (bool done = false; !done; check(700)) {
      s.out.room = 1 + random.below(3);
      done = s.flush(700);
    }
    ASSERT_EQ(s.it.held(), 0u);

    const std::vector<std::string> out = s.out.members();
    std::map<std::string, std::string> last;
    std::map<std::string, std::size_t> position;
    for (std::size_t i = 0; i < taken.size(); ++i) position[taken[i]] = i + 1;
    std::map<std::string, std::size_t> reached;
    std::size_t reached_all = 0;
    for (const std::string& member : out) {
      ASSERT_GT(position[member], 0u) << where;
      std::size_t& before = spec.conflate ? reached[by_member[member].key_name] : reached_all;
      ASSERT_GT(position[member], before) << where;
      before = position[member];
      last[by_member[member].key_name] = member;
    }
    if (!spec.sample && !spec.conflate) {
      ASSERT_EQ(out, taken) << where;
    }
    if (!spec.sample) {
      ASSERT_EQ(last, latest) << where;
    }
    if (spec.sample && spec.sample->mode != sample_mode::throttle && !taken.empty()) {
      ASSERT_EQ(last[by_member[taken.back()].key_name], taken.back()) << where;
    }
  }
}

// Of a key whose messages come all the time, output sees one in `every` milliseconds at most, blocked or not.
TEST(shaper_random, a_blocked_key_is_not_made_up_for) {
  random_source random;
  for (int round = 0; round < 100; ++round) {
    const time_ms every = 1 + static_cast<time_ms>(random.below(60));
    shaping s(conflated(every));
    const std::size_t scarcity = 1 + random.below(100);
    for (time_ms now = 1; now < 2000; ++now) {
      s.out.room = random.one_in(scarcity) ? 100 : random.one_in(scarcity) ? 0 : s.out.room;
      if (s.it.blocked() || (s.it.next_deadline() != 0 && s.it.next_deadline() <= now)) s.run(now);
      const std::size_t key = random.below(5);
      ASSERT_TRUE(s.take(now, std::to_string(key), number_field(static_cast<double>(key))));
    }
    std::map<std::string, time_ms> last;
    for (const sent_record& record : s.out.records) {
      const auto [at, first] = last.emplace(record.members[0], record.at);
      ASSERT_TRUE(first || record.at - at->second >= every) << "seed " << random.seed();
      at->second = record.at;
    }
  }
}

}  // namespace
}  // namespace hawser::router::shaper_random_test
