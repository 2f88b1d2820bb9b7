// Random numbers for tests. Every run takes a new seed and prints it; HAWSER_SEED=<number> repeats a run.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace hawser::test {

class random_source {
 public:
  random_source() {
    const char* given = std::getenv("HAWSER_SEED");
    seed_ = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    engine_.seed(seed_);
    std::cout << "[   SEED   ] " << seed_ << "\n";
  }

  std::uint64_t seed() const { return seed_; }

  // Uniform in [0, n).
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine_); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }

  std::vector<std::uint8_t> bytes(std::size_t n) {
    std::vector<std::uint8_t> result(n);
    for (auto& b : result) b = byte();
    return result;
  }

  std::string ascii(std::size_t n) {
    std::string result(n, '\0');
    for (auto& c : result) c = static_cast<char>(' ' + below(95));
    return result;
  }

 private:
  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

}  // namespace hawser::test
