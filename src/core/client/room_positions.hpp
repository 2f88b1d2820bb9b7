// How far a client has read in the rooms whose messages the server numbers. Kept where messages come in,
// since most of them may go nowhere, or wait for others, before JavaScript sees one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hawser::client {

// Lives on one thread.
class room_positions {
 public:
  static constexpr std::size_t max_rooms = 4096;
  static constexpr std::size_t max_name = 1024;  // bytes of a room or an epoch; longer ones are not noted

  // A message of a room came. Within an epoch the highest offset counts; another epoch begins anew. False:
  // nothing was noted, since max_rooms are; take text() and clear() first.
  bool note(std::string_view room, std::string_view epoch, double offset);

  bool empty() const noexcept { return rooms_.empty(); }
  void clear() noexcept { rooms_.clear(); }

  // {"type":"positions","payload":{"room":{"epoch":"…","offset":1}}}
  std::string text() const;

 private:
  struct position {
    std::string epoch;
    std::uint64_t offset = 0;
  };
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>()(name);
    }
  };
  std::unordered_map<std::string, position, hash, std::equal_to<>> rooms_;
};

}  // namespace hawser::client
