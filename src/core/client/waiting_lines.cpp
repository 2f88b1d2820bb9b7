// Sorted insertion into the waiting lines, and who has to leave them.
#include "core/client/waiting_lines.hpp"

namespace hawser::client {

void waiting_lines::insert(message& m) noexcept {
  hints near{};
  near[list_of(m)] = lists_[list_of(m)].back();
  put_back(m, near);
}

void waiting_lines::put_back(message& m, hints& near) noexcept {
  const std::size_t at = list_of(m);
  message_list& list = lists_[at];
  message* later = near[at] != nullptr ? near[at] : list.front();
  // Up to the first that is later, then down to the earliest that is: one of the two does not move.
  while (later != nullptr && later->order < m.order) later = list.after(*later);
  if (later != nullptr) {
    while (!list.is_first(*later) && list.previous(*later).order > m.order) later = &list.previous(*later);
  }
  list.insert_before(later, m);
  near[at] = &m;
  added(at, m);
}

message* waiting_lines::victim(bool by_priority) const noexcept {
  message* result = nullptr;
  for (std::size_t p = priorities; p-- > 0;) {
    message* const oldest = lists_[4 * p + plain].front();
    if (oldest == nullptr) continue;
    if (by_priority) return oldest;
    if (result == nullptr || oldest->order < result->order) result = oldest;
  }
  return result;
}

}  // namespace hawser::client
