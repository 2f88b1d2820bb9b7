// The bookkeeping of waiting requests.
#include "core/client/request_table.hpp"

#include <algorithm>

#include "core/client/outgoing.hpp"

namespace hawser::client {

request_table::request_table(const request_settings& settings, time_ms now)
    : settings_(settings), looked_(now) {}

request_result request_table::add(std::uint32_t token, std::string_view id, time_ms deadline) {
  if (id.empty() || id.size() > max_id_bytes) return request_result::invalid;
  if (pending() >= settings_.max_pending) return request_result::full;
  const std::uint32_t hash = hash_id(id, settings_.hash_seed);
  if (by_id_.find(hash, [&](std::uint32_t n) { return at(n).id.view() == id; }) != nullptr)
    return request_result::duplicate;
  if (find_token(token) != nullptr) return request_result::duplicate;

  const std::uint32_t n = acquire();
  request& added = at(n);
  added.id.assign(id);
  added.token = token;
  added.prev = not_sent;
  by_id_.insert(hash, n);
  by_token_.insert(hash_number(token, 0), n);
  if (deadline != 0) {
    if (!deadlines_) deadlines_.emplace(looked_, 16, 512);
    deadlines_->schedule(added, deadline);
  }
  ++counters_.added;
  counters_.high_water = std::max(counters_.high_water, pending());
  return request_result::added;
}

std::optional<std::uint32_t> request_table::take(std::string_view id) {
  const std::uint32_t* const found =
      by_id_.find(hash_id(id, settings_.hash_seed), [&](std::uint32_t n) { return at(n).id.view() == id; });
  if (found == nullptr) {
    ++counters_.unknown;
    return std::nullopt;
  }
  const std::uint32_t n = *found;
  const std::uint32_t token = at(n).token;
  by_id_.erase_found(found);
  remove_rest(n);
  ++counters_.answered;
  return token;
}

bool request_table::cancel(std::uint32_t token) {
  const std::uint32_t* const found = find_token(token);
  if (found == nullptr) return false;
  remove(*found);
  ++counters_.cancelled;
  return true;
}

bool request_table::mark_sent(std::uint32_t token) {
  const std::uint32_t* const found = find_token(token);
  if (found == nullptr) return false;
  const std::uint32_t n = *found;
  request& r = at(n);
  if (r.prev != not_sent) return true;
  r.prev = sent_last_;
  r.next = none;
  (sent_last_ != none ? at(sent_last_).next : sent_first_) = n;
  sent_last_ = n;
  ++sent_count_;
  return true;
}

// A free request; a further chunk of them when there is none.
std::uint32_t request_table::acquire() {
  if (free_ == none) {
    const auto first = static_cast<std::uint32_t>(chunks_.size() * chunk_size);
    chunks_.push_back(std::make_unique<request[]>(chunk_size));
    for (std::uint32_t i = chunk_size; i-- > 0;) {
      at(first + i).next = free_;
      free_ = first + i;
    }
  }
  const std::uint32_t n = free_;
  free_ = at(n).next;
  return n;
}

void request_table::remove(std::uint32_t n) noexcept {
  by_id_.erase(hash_id(at(n).id.view(), settings_.hash_seed),
               [n](std::uint32_t other) { return other == n; });
  remove_rest(n);
}

// All but the index of ids.
void request_table::remove_rest(std::uint32_t n) noexcept {
  request& r = at(n);
  const auto same = [n](std::uint32_t other) { return other == n; };
  by_token_.erase(hash_number(r.token, 0), same);
  if (deadlines_) deadlines_->cancel(r);
  if (r.prev != not_sent) {
    (r.prev != none ? at(r.prev).next : sent_first_) = r.next;
    (r.next != none ? at(r.next).prev : sent_last_) = r.prev;
    r.prev = not_sent;
    --sent_count_;
  }
  r.id.clear();
  r.next = free_;
  free_ = n;
  if (pending() == 0 && chunks_.size() > keep_chunks) give_back_memory();
}

// The table is empty: what a burst needed is freed.
void request_table::give_back_memory() noexcept {
  chunks_.resize(keep_chunks);
  free_ = none;
  for (auto n = static_cast<std::uint32_t>(keep_chunks * chunk_size); n-- > 0;) {
    at(n).next = free_;
    free_ = n;
  }
}

std::size_t request_table::memory() const noexcept {
  return chunks_.size() * chunk_size * sizeof(request) + by_id_.memory() + by_token_.memory();
}

}  // namespace hawser::client
