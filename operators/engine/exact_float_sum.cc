#include "operators/engine/exact_float_sum.h"

#include <bit>
#include <cmath>
#include <limits>

namespace offtake::engine {
namespace {

constexpr int kBias = 1074;  // the smallest double is 2^-1074

std::uint64_t extension(std::uint64_t last) {
  return last >> 63 ? ~std::uint64_t{0} : 0;
}

}  // namespace

void ExactFloatSum::add(double value, std::int64_t weight) {
  if (std::isnan(value)) {
    nans_ += weight;
    return;
  }
  if (std::isinf(value)) {
    (value < 0 ? minus_infinities_ : infinities_) += weight;
    return;
  }
  if (value == 0 || weight == 0) return;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF);
  std::int64_t mantissa = static_cast<std::int64_t>(bits & ((std::uint64_t{1} << 52) - 1));
  if (exponent > 0) mantissa |= std::int64_t{1} << 52;
  if (value < 0) mantissa = -mantissa;
  add_at(exponent > 0 ? exponent - 1 : 0, static_cast<__int128>(mantissa) * weight);
}

void ExactFloatSum::cover(int first_limb, int end_limb) {
  if (limbs_.empty()) {
    first_ = first_limb;
    limbs_.assign(static_cast<std::size_t>(end_limb - first_limb), 0);
    return;
  }
  if (first_limb < first_) {
    limbs_.insert(limbs_.begin(), static_cast<std::size_t>(first_ - first_limb), 0);
    first_ = first_limb;
  }
  const int end = first_ + static_cast<int>(limbs_.size());
  if (end_limb > end)
    limbs_.resize(limbs_.size() + static_cast<std::size_t>(end_limb - end), extension(limbs_.back()));
}

// Adds amount * 2^(bit - kBias).
void ExactFloatSum::add_at(int bit, __int128 amount) {
  const int limb = bit / 64;
  const int shift = bit % 64;
  // The amount, shifted, takes three limbs at most.
  const auto low = static_cast<unsigned __int128>(amount) << shift;
  const __int128 high = shift == 0 ? (amount < 0 ? -1 : 0) : amount >> (128 - shift);
  const std::uint64_t parts[3] = {static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(low >> 64),
                                  static_cast<std::uint64_t>(high)};
  cover(limb, limb + 3);
  const std::uint64_t sign = amount < 0 ? ~std::uint64_t{0} : 0;
  const std::uint64_t last_before = limbs_.back();
  unsigned __int128 carry = 0;
  for (std::size_t i = static_cast<std::size_t>(limb - first_), part = 0; i < limbs_.size(); ++i, ++part) {
    carry += limbs_[i];
    carry += part < 3 ? parts[part] : sign;
    limbs_[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
    if (part >= 3 && carry == (sign != 0 ? 1 : 0)) return;  // nothing changes further up
  }
  // Signs of both operands equal and the result's differs: one limb more.
  if (extension(last_before) == sign && extension(limbs_.back()) != sign) limbs_.push_back(sign);
}

double ExactFloatSum::value() const {
  if (nans_ != 0 || (infinities_ != 0 && minus_infinities_ != 0))
    return std::numeric_limits<double>::quiet_NaN();
  if (infinities_ != 0) return std::numeric_limits<double>::infinity();
  if (minus_infinities_ != 0) return -std::numeric_limits<double>::infinity();
  if (limbs_.empty()) return 0;
  const bool negative = limbs_.back() >> 63;
  std::vector<std::uint64_t> magnitude = limbs_;
  if (negative) {
    bool carry = true;
    for (std::uint64_t& limb : magnitude) {
      limb = ~limb + (carry ? 1 : 0);
      carry = carry && limb == 0;
    }
  }
  while (!magnitude.empty() && magnitude.back() == 0) magnitude.pop_back();
  if (magnitude.empty()) return 0;
  const int top = static_cast<int>(magnitude.size()) * 64 - 1 - std::countl_zero(magnitude.back());
  const auto bit = [&](int index) {
    return index >= 0 && (magnitude[static_cast<std::size_t>(index / 64)] >> (index % 64) & 1);
  };
  const int bias = first_ * 64 - kBias;  // weight of bit 0
  // 53 bits from the top, fewer where the result is subnormal.
  int lowest = top - 52;
  if (lowest + bias < -kBias) lowest = -kBias - bias;
  std::uint64_t mantissa = 0;
  for (int index = top; index >= lowest; --index) mantissa = mantissa << 1 | (bit(index) ? 1 : 0);
  bool rest = false;
  for (int index = lowest - 2; index >= 0 && !rest; --index) rest = bit(index);
  if (bit(lowest - 1) && (rest || (mantissa & 1))) ++mantissa;
  const double rounded = std::ldexp(static_cast<double>(mantissa), lowest + bias);
  return negative ? -rounded : rounded;
}

void ExactFloatSum::save(StateWriter& out) const {
  out.put<std::int32_t>(first_);
  out.put(nans_);
  out.put(infinities_);
  out.put(minus_infinities_);
  out.put<std::uint64_t>(limbs_.size());
  out.bytes(limbs_.data(), limbs_.size() * sizeof(std::uint64_t));
}

void ExactFloatSum::restore(StateReader& in) {
  constexpr std::uint64_t kMost = 64;  // 2,098 bits of doubles and 64 of weights take 35
  first_ = in.get<std::int32_t>();
  nans_ = in.get<std::int64_t>();
  infinities_ = in.get<std::int64_t>();
  minus_infinities_ = in.get<std::int64_t>();
  limbs_.resize(in.count(kMost));
  in.bytes(limbs_.data(), limbs_.size() * sizeof(std::uint64_t));
}

}  // namespace offtake::engine
