#include "operators/targets/postgres/numeric_binary.h"

namespace offtake::targets::postgres {
namespace {

constexpr std::uint16_t kPositive = 0x0000, kNegative = 0x4000, kNaN = 0xC000, kInfinity = 0xD000,
                        kMinusInfinity = 0xF000;
constexpr int kDigitsPerGroup = 4;

void put_special(std::uint16_t sign, ByteBuffer& out) {
  out.put16(0);
  out.put16(0);
  out.put16(sign);
  out.put16(0);
}

// `groups` from the most significant one on; `weight` is the power of 10,000 of the first.
void put_groups(const std::uint16_t* groups, int count, int weight, bool negative, int scale,
                ByteBuffer& out) {
  while (count > 0 && *groups == 0) {
    ++groups;
    --count;
    --weight;
  }
  while (count > 0 && groups[count - 1] == 0) --count;
  out.put16(static_cast<std::uint16_t>(count));
  out.put16(static_cast<std::uint16_t>(count == 0 ? 0 : weight));
  out.put16(negative && count > 0 ? kNegative : kPositive);
  out.put16(static_cast<std::uint16_t>(scale));
  for (int i = 0; i < count; ++i) out.put16(groups[i]);
}

constexpr std::uint16_t kPower[] = {1, 10, 100, 1000, 10'000};

// Coefficients of up to 39 digits, at any scale.
void put_small(const types::Numeric& value, ByteBuffer& out) {
  const bool negative = value.coefficient < 0;
  auto rest = negative ? -static_cast<unsigned __int128>(value.coefficient)
                       : static_cast<unsigned __int128>(value.coefficient);
  // Groups are filled from the least significant one, which is the last of the fraction.
  constexpr int kMaxGroups = 12;
  std::uint16_t groups[kMaxGroups];
  int first = kMaxGroups;
  int lowest_weight = -(value.scale + kDigitsPerGroup - 1) / kDigitsPerGroup;
  const int in_last = value.scale % kDigitsPerGroup;
  if (in_last != 0) {
    groups[--first] = static_cast<std::uint16_t>(static_cast<std::uint16_t>(rest % kPower[in_last]) *
                                                 kPower[kDigitsPerGroup - in_last]);
    rest /= kPower[in_last];
  }
  // 64-bit division is several times faster than 128-bit.
  while (rest > UINT64_MAX) {
    groups[--first] = static_cast<std::uint16_t>(rest % 10'000);
    rest /= 10'000;
  }
  for (auto low = static_cast<std::uint64_t>(rest); low != 0; low /= 10'000) {
    groups[--first] = static_cast<std::uint16_t>(low % 10'000);
  }
  const int count = kMaxGroups - first;
  put_groups(groups + first, count, lowest_weight + count - 1, negative, value.scale, out);
}

void put_text(std::string_view text, int scale, ByteBuffer& out) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  std::string whole(text.substr(0, point));
  std::string fraction(point == std::string_view::npos ? "" : text.substr(point + 1));
  while (whole.size() % kDigitsPerGroup != 0) whole.insert(whole.begin(), '0');
  while (fraction.size() % kDigitsPerGroup != 0) fraction += '0';
  const std::string digits = whole + fraction;
  std::vector<std::uint16_t> groups;
  for (std::size_t i = 0; i < digits.size(); i += kDigitsPerGroup) {
    int group = 0;
    for (std::size_t j = 0; j < kDigitsPerGroup; ++j) group = group * 10 + (digits[i + j] - '0');
    groups.push_back(static_cast<std::uint16_t>(group));
  }
  const int weight = static_cast<int>(whole.size()) / kDigitsPerGroup - 1;
  put_groups(groups.data(), static_cast<int>(groups.size()), weight, negative, scale, out);
}

std::uint16_t read16(const char* bytes) {
  std::uint16_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap16(value);
}

base::Error damaged() {
  return base::terminal("BadStoredValue", "PostgreSQL sent a numeric that cannot be read");
}

}  // namespace

void put_numeric(const types::Numeric& value, ByteBuffer& out) {
  using Kind = types::Numeric::Kind;
  switch (value.kind) {
    case Kind::kNaN:
      return put_special(kNaN, out);
    case Kind::kInfinity:
      return put_special(kInfinity, out);
    case Kind::kMinusInfinity:
      return put_special(kMinusInfinity, out);
    case Kind::kSmall:
      return put_small(value, out);
    case Kind::kBig:
      return put_text(types::to_string(value), value.scale, out);
  }
}

base::Result<types::Numeric> read_numeric(std::string_view bytes, types::Arena& arena) {
  using types::Numeric;
  if (bytes.size() < 8) return damaged();
  const int count = read16(bytes.data());
  const int weight = static_cast<std::int16_t>(read16(bytes.data() + 2));
  const std::uint16_t sign = read16(bytes.data() + 4);
  const int scale = read16(bytes.data() + 6);
  if (sign == kNaN) return Numeric{0, 0, Numeric::Kind::kNaN, false};
  if (sign == kInfinity) return Numeric{0, 0, Numeric::Kind::kInfinity, false};
  if (sign == kMinusInfinity) return Numeric{0, 0, Numeric::Kind::kMinusInfinity, false};
  if (bytes.size() != 8 + 2 * static_cast<std::size_t>(count)) return damaged();
  const auto group = [&](int power) {
    const int index = weight - power;
    return index < 0 || index >= count ? 0 : static_cast<int>(read16(bytes.data() + 8 + 2 * index));
  };
  const int fraction_groups = (scale + kDigitsPerGroup - 1) / kDigitsPerGroup;
  const int top = std::max(weight, 0);
  constexpr int kSmallDigits = 36;  // groups of four that surely fit 128 bits
  if ((top + 1 + fraction_groups) * kDigitsPerGroup <= kSmallDigits) {
    __int128 coefficient = 0;
    for (int power = top; power >= -fraction_groups; --power)
      coefficient = coefficient * 10'000 + group(power);
    const int surplus = fraction_groups * kDigitsPerGroup - scale;
    coefficient /= kPower[surplus];
    return Numeric{sign == kNegative ? -coefficient : coefficient, scale, Numeric::Kind::kSmall, false};
  }
  std::string text = sign == kNegative ? "-" : "";
  for (int power = top; power >= 0; --power) text += fmt::format("{:04}", group(power));
  if (scale > 0) {
    std::string fraction;
    for (int power = -1; power >= -fraction_groups; --power) fraction += fmt::format("{:04}", group(power));
    fraction.resize(static_cast<std::size_t>(scale));
    text += "." + fraction;
  }
  return types::parse_numeric(text, arena);
}

}  // namespace offtake::targets::postgres
