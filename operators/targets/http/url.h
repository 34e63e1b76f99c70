// Where messages are sent, and where a receiver may send them on to. Pure. Internal to this folder.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::targets::http {

struct Url {
  std::string origin;  // "https://host:8443", lower case, the usual port left out
  std::string target;  // "/path?query", at least "/"
};

// Code BadUrl (terminal); credentials in a URL are refused, and no message shows more of it than its origin.
base::Result<Url> parse_url(std::string_view text);
// What a Location means at `from`; nullopt: no URL of HTTP.
std::optional<Url> resolve(const Url& from, std::string_view location);

}  // namespace offtake::targets::http
