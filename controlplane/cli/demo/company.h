// A company that does not exist, as the records it would have written. Pure; one thread.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json/value.h"

namespace offtake::cli::demo {

struct Event {
  std::string_view dataset;  // "orders": a literal of the company's
  std::string key;
  json::Value value;  // as the dataset's schema wants it
  base::Micros time = 0;
};

inline constexpr base::Micros kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                              kDay = 24 * kHour;

// SplitMix64: the same numbers on every machine.
constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

template <std::size_t N>
const char* pick(const char* const (&list)[N], std::uint64_t random) {
  return list[random % N];
}

class Company {
 public:
  virtual ~Company() = default;
  virtual std::span<const std::string_view> datasets() const = 0;
  virtual std::int64_t total() const = 0;  // records of the history, about
  // History in the order of time, up to the instant it was made for; then nothing. The same seed, sizes and
  // instant give the same records.
  virtual std::optional<Event> next() = 0;
};

struct CompanyKind {
  std::string_view name;        // of the namespace and of the folder in manifests/examples
  std::string_view summary;     // "a year of customers, orders and payments"
  std::int64_t events = 0;      // unless told otherwise
  std::string_view next_steps;  // what to apply on it
  std::unique_ptr<Company> (*make)(std::uint64_t seed, std::int64_t events, base::Micros now) = nullptr;
};
std::span<const CompanyKind> companies();

}  // namespace offtake::cli::demo
