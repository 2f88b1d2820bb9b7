// Where the messages of shaped routes go: towards JavaScript, as records of the ring. Each call takes all of
// what it is given or nothing; a refusal means that there is no room now.
#pragma once

#include <cstdint>
#include <span>

namespace hawser::router {

class route_output {
 public:
  // One message. The bytes stay the caller's and are valid during the call only, as in the calls below.
  [[nodiscard]] virtual bool message(std::uint32_t route, std::span<const std::uint8_t> text, bool ascii) = 0;

  // Messages joined as the text of a JSON array, and the length of each:
  //   [ m1 , m2 , … ]      m1 begins at 1, each next one behind the one before and a comma
  // A member that is no JSON spoils the array's syntax only; the lengths still tell the members apart.
  [[nodiscard]] virtual bool batch(std::uint32_t route, std::span<const std::uint32_t> lengths,
                                   std::span<const std::uint8_t> joined, bool ascii) = 0;

  // Columns one behind the other, each of `rows` doubles:
  //   a1 a2 … b1 b2 … c1 c2 …
  // A value that was missing or no number is NaN; `not_numbers` says how many there are.
  [[nodiscard]] virtual bool columns(std::uint32_t route, std::uint32_t rows, std::span<const double> values,
                                     std::uint32_t not_numbers) = 0;

 protected:
  ~route_output() = default;
};

// The output as the stages of one route see it: after a refusal it is not asked again until somebody clears
// `blocked`, so that a route under back-pressure costs nothing. Lives for one call of its shaper.
class output_port {
 public:
  output_port(route_output& output, std::uint32_t route, bool& blocked) noexcept
      : output_(output), route_(route), blocked_(blocked) {}

  bool message(std::span<const std::uint8_t> text, bool ascii) {
    return settle(!blocked_ && output_.message(route_, text, ascii));
  }
  bool batch(std::span<const std::uint32_t> lengths, std::span<const std::uint8_t> joined, bool ascii) {
    return settle(!blocked_ && output_.batch(route_, lengths, joined, ascii));
  }
  bool columns(std::uint32_t rows, std::span<const double> values, std::uint32_t not_numbers) {
    return settle(!blocked_ && output_.columns(route_, rows, values, not_numbers));
  }

 private:
  bool settle(bool taken) noexcept {
    blocked_ = !taken;
    return taken;
  }

  route_output& output_;
  const std::uint32_t route_;
  bool& blocked_;
};

}  // namespace hawser::router
