// How a piece of the core is measured: Google Benchmark finds the number of rounds and times them; the
// instructions of the loop are counted beside, where the system allows it.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instruction_count.hpp"

namespace hawser::micro {

using bytes = std::vector<std::uint8_t>;

inline bytes as_bytes(std::string_view text) { return {text.begin(), text.end()}; }

// Keeps the compiler from dropping what made `value`.
template <class Value>
void keep(Value&& value) {
  benchmark::DoNotOptimize(value);
}

using measurement = std::function<void(benchmark::State&)>;
void register_measurement(const std::string& name, measurement run);

// Registers the measurement `name`: `make()` prepares and gives the operation, which is called once a round
// and handles `messages` of them.
template <class Make>
void add(const std::string& name, double messages, Make make) {
  register_measurement(name, [messages, make](benchmark::State& state) {
    auto operation = make();
    operation();  // what is made with the first message is not the price of one
    const instruction_count counted;
    for (auto _ : state) operation();
    if (counted.works()) {
      state.counters["instructions"] =
          benchmark::Counter(static_cast<double>(counted.value()), benchmark::Counter::kAvgIterations);
    }
    state.counters["messages"] = messages;
  });
}

// One file each.
void add_frames();
void add_texts();
void add_handshakes();
void add_rings();
void add_routes();
void add_compression();
void add_fan_out();
void add_tls();

}  // namespace hawser::micro
