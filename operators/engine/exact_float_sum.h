// An exact sum of doubles with integer weights: a fixed-point number wide enough for what it has met, rounded
// once when it is read. Adding and taking away in any order gives the same sum. NaN and infinities are
// counted apart. Plain data on the heap; one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "operators/engine/state_stream.h"

namespace offtake::engine {

class ExactFloatSum {
 public:
  void add(double value, std::int64_t weight);
  double value() const;  // nearest, ties to even; infinite beyond the range of doubles
  bool has_infinity() const { return infinities_ != 0 || minus_infinities_ != 0; }
  void save(StateWriter& out) const;
  void restore(StateReader& in);
  std::size_t bytes() const { return sizeof *this + limbs_.capacity() * sizeof(std::uint64_t); }

 private:
  void add_at(int bit, __int128 amount);
  void cover(int first_limb, int end_limb);

  // Two's complement, limb i is worth 2^(64 * (first_ + i) - kBias); the last limb carries the sign.
  std::vector<std::uint64_t> limbs_;
  int first_ = 0;
  std::int64_t nans_ = 0, infinities_ = 0, minus_infinities_ = 0;
};

}  // namespace offtake::engine
