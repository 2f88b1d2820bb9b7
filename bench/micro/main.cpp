// hawser-micro: what pieces of the core cost. Options are those of Google Benchmark, and --rounds=<n>, which
// runs each measurement so many times and no more: two such runs under a simulator differ by what the rounds
// cost.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "micro.hpp"

namespace {

std::int64_t rounds = 0;  // 0: as many as its time needs

class piece : public benchmark::internal::Benchmark {
 public:
  piece(const std::string& name, hawser::micro::measurement run)
      : Benchmark(name.c_str()), run_(std::move(run)) {}
  void Run(benchmark::State& state) override { run_(state); }

 private:
  hawser::micro::measurement run_;
};

}  // namespace

void hawser::micro::register_measurement(const std::string& name, measurement run) {
  // The library keeps what it is given, which the analyzer does not see.
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
  auto* const added = benchmark::internal::RegisterBenchmarkInternal(new piece(name, std::move(run)));
  if (rounds > 0) added->Iterations(rounds);
}

int main(int argc, char** argv) {
  using namespace hawser::micro;
  constexpr std::string_view option = "--rounds=";
  for (int i = 1; i < argc; ++i) {
    if (!std::string_view(argv[i]).starts_with(option)) continue;
    rounds = std::atol(argv[i] + option.size());
    for (int j = i; j < argc; ++j) argv[j] = argv[j + 1];
    --argc;
    break;
  }
  add_frames();
  add_texts();
  add_handshakes();
  add_rings();
  add_routes();
  add_compression();
  add_fan_out();
  add_tls();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
