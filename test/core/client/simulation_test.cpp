// Many lives of managed clients in simulated worlds. HAWSER_SEED=<number> begins with the world of that seed.
#include <gtest/gtest.h>

#include "core/protocol/random.hpp"
#include "simulation_world.hpp"

namespace hawser::client::test::simulation_test {
namespace {

// A life has one thread: where it runs twenty times slower, to watch threads, a tenth of it shows as much.
#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t share = 10;
#else
constexpr std::uint64_t share = 1;
#endif

TEST(Simulation, KeepsItsPromisesOverAHundredThousandLinks) {
  hawser::test::random_source random;
  life_figures figures;
  std::uint64_t seed = random.seed();
  std::uint64_t worlds = 0;
  for (; figures.links < 100'000 / share; ++seed, ++worlds) {
    simulated_world world(seed, figures);
    const std::string broken = world.live();
    ASSERT_EQ(broken, "") << "HAWSER_SEED=" << seed;
    ASSERT_LT(worlds, 1'000'000u) << "hardly a link opens";
  }
  std::cout << "[  FIGURES ] worlds " << worlds << ", dials " << figures.dials << ", links " << figures.links
            << ", sends " << figures.sends << ", copies " << figures.copies << ", batches " << figures.batches
            << ", gates " << figures.gates << ", holds " << figures.holds << ", silences " << figures.silences
            << ", received " << figures.received << ", doubles " << figures.doubles << ", timers "
            << figures.timers << ", settled";
  for (const std::uint64_t n : figures.settled) std::cout << ' ' << n;
  std::cout << ", states";
  for (const std::uint64_t n : figures.states) std::cout << ' ' << n;
  std::cout << "\n";

  // What never happened was not tested.
  for (const settlement how :
       {settlement::done, settlement::timeout, settlement::queue_full, settlement::expired,
        settlement::cancelled, settlement::connection_lost, settlement::closed})
    EXPECT_GT(figures.settled[static_cast<std::size_t>(how)], 100 / share) << static_cast<int>(how);
  for (std::size_t state = 1; state < figures.states.size(); ++state)
    EXPECT_GT(figures.states[state], 1000 / share) << state;
  EXPECT_GT(figures.doubles, 1000 / share);
  EXPECT_GT(figures.copies, figures.received);
  EXPECT_GT(figures.batches, 1000 / share);
  EXPECT_GT(figures.gates, 1000 / share);
  EXPECT_GT(figures.holds, 1000 / share);
  EXPECT_GT(figures.silences, 1000 / share);
}

// The same seed is the same life, or a failure could not be repeated.
TEST(Simulation, RepeatsALife) {
  hawser::test::random_source random;
  for (std::uint64_t i = 0; i < 20; ++i) {
    life_figures first;
    life_figures second;
    EXPECT_EQ(simulated_world(random.seed() + i, first).live(), "");
    EXPECT_EQ(simulated_world(random.seed() + i, second).live(), "");
    EXPECT_EQ(first.copies, second.copies);
    EXPECT_EQ(first.timers, second.timers);
    EXPECT_EQ(first.settled, second.settled);
    EXPECT_EQ(first.states, second.states);
  }
}

}  // namespace
}  // namespace hawser::client::test::simulation_test
