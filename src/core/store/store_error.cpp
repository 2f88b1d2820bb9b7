#include "core/store/store_error.hpp"

namespace hawser::store {

const char* name_of(store_error code) noexcept {
  switch (code) {
    case store_error::none:
      return "none";
    case store_error::bad_settings:
      return "bad_settings";
    case store_error::too_large:
      return "too_large";
    case store_error::backlog_full:
      return "backlog_full";
    case store_error::closed:
      return "closed";
    case store_error::no_directory:
      return "no_directory";
    case store_error::no_permission:
      return "no_permission";
    case store_error::not_a_file:
      return "not_a_file";
    case store_error::locked:
      return "locked";
    case store_error::corrupt:
      return "corrupt";
    case store_error::foreign:
      return "foreign";
    case store_error::newer_schema:
      return "newer_schema";
    case store_error::no_thread:
      return "no_thread";
    case store_error::full:
      return "full";
    case store_error::busy:
      return "busy";
    case store_error::moved:
      return "moved";
    case store_error::io:
      return "io";
    case store_error::no_memory:
      return "no_memory";
  }
  return "unknown";
}

bool is_lasting(store_error code) noexcept {
  switch (code) {
    case store_error::none:
    case store_error::too_large:
    case store_error::backlog_full:
    case store_error::full:
    case store_error::busy:
    case store_error::no_memory:
      return false;
    default:
      return true;
  }
}

}  // namespace hawser::store
