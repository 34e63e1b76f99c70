// Who is calling: the bearer token of this installation, and the checks of Host and Origin that keep web
// pages of others away from a server on loopback.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/http/router.h"
#include "base/result.h"

namespace offtake::auth {

// Reads the token from the file; makes file (mode 0600) and token if there is none. Code BadToken for a
// file that holds no usable token.
base::Result<std::string> load_or_make_token(const std::filesystem::path& file);

// What the workers of this installation show to its registry: it opens reading there and nothing else, and
// the token cannot be had from it.
std::string registry_reader_token(std::string_view token);

struct GuardOptions {
  std::string token;
  bool loopback = true;  // bound to loopback: Host must be a name of this machine; /registry needs no token
};

// For http::Router::set_guard. 401 without the token, except for /healthz /readyz /livez, GET /assets and
// the console's pages (any path that is none of ours), POST /offtake/v1/session and, on loopback, /registry.
// Beyond loopback /registry takes the token as a bearer's or as the password of basic authentication (user
// `offtake`), because registry clients know only that, and for reading registry_reader_token as well.
// 403 for a Host that is not ours or an Origin that is another site's. Thread-safe.
http::Router::Guard make_guard(GuardOptions options);

}  // namespace offtake::auth
