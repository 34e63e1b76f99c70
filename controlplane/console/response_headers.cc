#include "controlplane/console/response_headers.h"

namespace offtake::console {

void add_protection(http::Response& response) {
  static constexpr std::pair<std::string_view, std::string_view> kHeaders[] = {
      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  };
  for (const auto& [name, value] : kHeaders) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
}

}  // namespace offtake::console
