// Time as the product uses it: instants are microseconds since 1970 UTC, as PostgreSQL and Avro count.
// Code that decides takes the time as an argument; only the edges ask a Clock.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::base {

using Micros = std::int64_t;  // microseconds since 1970-01-01T00:00:00Z

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Micros now() const = 0;                                    // wall clock
  virtual std::chrono::steady_clock::time_point steady() const = 0;  // never goes back
};

// The machine's clock; lives as long as the program.
const Clock& system_clock();

// A clock that a test moves by hand.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Micros start) : now_(start) {}
  Micros now() const override { return now_; }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(std::chrono::microseconds(now_));
  }
  void advance(Micros by) { now_ += by; }

 private:
  std::atomic<Micros> now_;
};

// "2026-11-23T09:02:11Z"; with a fraction only where there is one ("…11.250Z").
std::string format_instant(Micros instant);
// RFC 3339 with Z or an offset; code BadInstant otherwise.
Result<Micros> parse_instant(std::string_view text);

// Durations as users write them: "90d", "1h30m"; d is 24 h. Code BadDuration otherwise.
Result<Micros> parse_duration(std::string_view text);
std::string format_duration(Micros duration);  // the shortest such text: "1h30m"

}  // namespace offtake::base
