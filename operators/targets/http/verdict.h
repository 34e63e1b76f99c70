// What an answer of a receiver means for its message (correctness: "Retry classes"). Pure.
#pragma once
#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace offtake::targets::http {

enum class Verdict {
  kAcknowledged,
  kRedirect,
  kRow,       // 400 409 413 422: this message alone
  kRetry,     // 408 425 429 5xx
  kTerminal,  // 401 403 404 405 410: any message, unless others were taken lately
  kUnknown,   // tried again, but not for ever
};
Verdict verdict_of(int status);

// Of Retry-After: seconds, or a date as HTTP writes it. nullopt: neither. At most an hour.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, base::Micros now);

}  // namespace offtake::targets::http
