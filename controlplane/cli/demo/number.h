// Whole numbers among the arguments.
#pragma once
#include <charconv>

#include "base/result.h"
#include "controlplane/cli/verb.h"

namespace offtake::cli::demo {

inline base::Result<std::int64_t> read_number(const Arguments& arguments, std::string_view name) {
  const std::string text = arguments.text(name);
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end && value >= 0) return value;
  return base::terminal("BadNumber", fmt::format("--{}: `{}` is no whole number", name, text));
}

}  // namespace offtake::cli::demo
