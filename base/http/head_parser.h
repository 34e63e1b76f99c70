// Reads the head of an HTTP/1.1 request strictly: whatever two readers could take differently (and so hide
// one request in another) is refused. Internal to base/http.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/message.h"

namespace offtake::http {

struct Head {
  Request request;  // without remote address, params and body
  bool keep_alive = true;
  bool http_1_0 = false;
  bool chunked = false;
  std::uint64_t content_length = 0;
  bool expects_continue = false;
};

struct HeadError {
  int status = 400;
  std::string message;
};

// `text`: from the request line to the empty line, both included.
std::optional<HeadError> parse_head(std::string_view text, Head& head);

// The size in a chunk's first line (without its line break); extensions are ignored. nullopt: no such line.
std::optional<std::uint64_t> parse_chunk_size(std::string_view line);

}  // namespace offtake::http
