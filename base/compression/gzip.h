// RFC 1952. The same input gives the same bytes: no time and no name is kept. Thread-safe.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::compression {

std::string gzip(std::string_view bytes);
// Codes BadGzip; TooLarge beyond `max_bytes`.
base::Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes);

}  // namespace offtake::compression
