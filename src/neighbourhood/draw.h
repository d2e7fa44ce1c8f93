// Drawing by lot that gives the same for the same seed, on every run: the standard library's distributions
// don't promise it from one library to the next.
#pragma once

#include <cstdint>

namespace shikake::neighbourhood {

// xoshiro256** (Blackman and Vigna, https://prng.di.unimi.it/), seeded by splitmix64.
class Draw {
 public:
  explicit Draw(uint64_t seed);
  uint64_t bits();
  double uniform();                 // in [0, 1)
  double normal();                  // mean 0, deviation 1 (Marsaglia's polar method)
  double gamma(double shape);       // scale 1 (Marsaglia and Tsang 2000); shape > 0
  double beta(double a, double b);  // a, b > 0

 private:
  uint64_t state_[4];
};

}  // namespace shikake::neighbourhood
