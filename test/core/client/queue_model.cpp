// The simple send queue. A step may search and sort as it likes.
#include "queue_model.hpp"

#include <algorithm>

namespace hawser::client {

namespace {

bool earlier(const model_message& a, const model_message& b) {
  if (a.priority != b.priority) return a.priority < b.priority;
  if (a.restored != b.restored) return a.restored;
  return a.sequence < b.sequence;
}

}  // namespace

std::vector<std::size_t> queue_model::in_order(message_state state) const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].state == state) result.push_back(i);
  }
  std::sort(result.begin(), result.end(), [&](std::size_t a, std::size_t b) {
    return state == message_state::waiting ? earlier(all_[a], all_[b]) : all_[a].turn < all_[b].turn;
  });
  return result;
}

std::size_t queue_model::count(message_state state) const { return in_order(state).size(); }

std::size_t queue_model::bytes() const {
  std::size_t sum = 0;
  for (const model_message& m : all_) sum += m.bytes;
  return sum;
}

void queue_model::tell(const char* what, const model_message& m) {
  events.push_back(std::string(what) + " " + (m.id.empty() ? "#" + std::to_string(m.sequence) : m.id));
}

void queue_model::give_up(std::size_t i, const char* why) {
  tell(why, all_[i]);
  if (all_[i].state == message_state::in_flight) {
    all_[i].gone = true;
  } else {
    all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

bool queue_model::room(std::size_t bytes_more, bool connected) const {
  return bytes() + bytes_more <= settings_.max_bytes && all_.size() < settings_.max_messages &&
         (connected || count(message_state::waiting) < settings_.max_count);
}

// Tries the evictions on a copy first.
push_result queue_model::make_room(const model_message& m, time_ms now, bool connected) {
  expire(now);
  if (room(m.bytes, connected)) return push_result::accepted;
  const push_result drop_or_reject = m.kept() ? push_result::rejected : push_result::dropped_new;
  if (settings_.overflow == overflow_policy::reject || m.bytes > settings_.max_bytes)
    return push_result::rejected;
  if (settings_.overflow == overflow_policy::drop_newest) return drop_or_reject;

  const bool by_priority = settings_.overflow == overflow_policy::drop_lowest_priority;
  const auto goes_before = [&](const model_message& a, const model_message& b) {
    return by_priority && a.priority != b.priority ? a.priority > b.priority : a.sequence < b.sequence;
  };
  const auto evict = [&](bool spare_higher) {
    while (!room(m.bytes, connected)) {
      std::size_t victim = all_.size();
      for (std::size_t i = 0; i < all_.size(); ++i) {
        const model_message& c = all_[i];
        if (c.state != message_state::waiting || c.kept() || (spare_higher && c.priority < m.priority))
          continue;
        if (victim == all_.size() || goes_before(c, all_[victim])) victim = i;
      }
      if (victim == all_.size()) return false;
      give_up(victim, "overflow");
    }
    return true;
  };
  const auto messages_before = all_;
  const auto events_before = events;
  if (evict(by_priority)) return push_result::accepted;
  all_ = messages_before;
  events = events_before;
  const bool others_would_do = evict(false);
  all_ = messages_before;
  events = events_before;
  return others_would_do ? drop_or_reject : push_result::rejected;
}

push_result queue_model::check(const model_message& m, time_ms now) const {
  for (const model_message& other : all_) {
    if (other.gone) continue;
    if (m.kept() && other.kept() && other.id == m.id) return push_result::duplicate;
    if (m.token != 0 && other.token == m.token) return push_result::duplicate;
  }
  if (m.expires_at != 0 && m.expires_at <= now) return push_result::expired;
  return push_result::accepted;
}

push_result queue_model::push(model_message m, time_ms now, bool connected) {
  if (m.expires_at == 0 && settings_.default_ttl > 0) m.expires_at = now + settings_.default_ttl;
  if (const push_result bad = check(m, now); bad != push_result::accepted) return bad;
  if (!room(m.bytes, connected)) {
    if (const push_result full = make_room(m, now, connected); full != push_result::accepted) return full;
  }
  if (m.expires_at != 0 && expired_until_ == 0) expired_until_ = now;
  m.sequence = next_sequence_++;
  all_.push_back(m);
  return push_result::accepted;
}

push_result queue_model::restore(const model_message& m, time_ms now) {
  if (const push_result bad = check(m, now); bad != push_result::accepted) return bad;
  if (!room(m.bytes, true)) return push_result::rejected;
  if (m.expires_at != 0 && expired_until_ == 0) expired_until_ = now;
  all_.push_back(m);
  next_sequence_ = std::max(next_sequence_, m.sequence + 1);
  return push_result::accepted;
}

std::uint64_t queue_model::next(time_ms now) {
  while (true) {
    const auto line = in_order(message_state::waiting);
    if (line.empty()) return 0;
    model_message& m = all_[line.front()];
    if (m.expires_at != 0 && m.expires_at <= now) {
      give_up(line.front(), "expired");
      continue;
    }
    m.state = message_state::in_flight;
    m.turn = ++turns_;
    return m.sequence;
  }
}

void queue_model::flushed(std::size_t count, time_ms now) {
  for (; count > 0; --count) {
    const std::size_t i = in_order(message_state::in_flight).front();
    model_message& m = all_[i];
    if (m.acked && !m.gone) {
      m.state = message_state::unacknowledged;
      m.turn = ++turns_;
      m.ack_deadline = now + settings_.ack_timeout;
      continue;
    }
    if (!m.gone && (m.durable || m.token != 0)) tell("settled", m);
    all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

bool queue_model::acknowledged(const std::string& id) {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].gone || !all_[i].acked || all_[i].id != id) continue;
    give_up(i, "settled");
    return true;
  }
  return false;
}

void queue_model::link_lost() {
  std::erase_if(all_, [](const model_message& m) { return m.gone; });
  for (model_message& m : all_) m.state = message_state::waiting;
}

void queue_model::expire(time_ms now) {
  if (expired_until_ == 0 || now <= expired_until_) return;
  expired_until_ = now;
  for (std::size_t i = all_.size(); i-- > 0;) {
    const model_message& m = all_[i];
    if (m.state == message_state::waiting && m.expires_at != 0 && m.expires_at <= now) give_up(i, "expired");
  }
}

void queue_model::on_timer(time_ms now) {
  expire(now);
  std::vector<std::string> failed;
  bool go_back = false;
  for (const std::size_t i : in_order(message_state::unacknowledged)) {
    if (all_[i].ack_deadline > now) continue;
    if (all_[i].timeouts >= settings_.max_retries) {
      failed.push_back(all_[i].id);
    } else {
      go_back = true;
    }
  }
  for (const std::string& id : failed) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i].id != id || all_[i].state != message_state::unacknowledged) continue;
      give_up(i, "failed");
      break;
    }
  }
  if (!go_back) return;
  for (model_message& m : all_) {
    if (m.state != message_state::unacknowledged || m.timeouts >= settings_.max_retries) continue;
    if (m.ack_deadline - now <= settings_.ack_timeout / 2) ++m.timeouts;
    m.state = message_state::waiting;
  }
}

bool queue_model::cancel(std::uint32_t token) {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i].gone || token == 0 || all_[i].token != token) continue;
    give_up(i, "cancelled");
    return true;
  }
  return false;
}

std::size_t queue_model::clear() {
  std::size_t count = 0;
  for (std::size_t i = all_.size(); i-- > 0;) {
    if (all_[i].gone) continue;
    give_up(i, "cleared");
    ++count;
  }
  return count;
}

}  // namespace hawser::client
