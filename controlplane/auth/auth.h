// Who is calling: the bearer token of this installation or a browser's session, and the checks of Host and
// Origin that keep web pages of others away.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/http/router.h"
#include "base/result.h"
#include "controlplane/auth/hosts.h"
#include "controlplane/auth/sessions.h"

namespace offtake::auth {

// Reads the token from the file; makes file (mode 0600) and token if there is none. Code BadToken for a
// file that holds no usable token.
base::Result<std::string> load_or_make_token(const std::filesystem::path& file);

// What the workers of this installation show to its registry: it opens reading there and nothing else, and
// the token cannot be had from it.
std::string registry_reader_token(std::string_view token);

struct GuardOptions {
  std::string token;
  Hosts hosts{"127.0.0.1"};      // where it is bound, and its names; on loopback /registry needs no token
  Sessions* sessions = nullptr;  // of browsers; none: bearer tokens alone. Outlives the guard
};

// Paths of the API and its neighbours: never pages of the console.
bool is_reserved(std::string_view path);

// For http::Router::set_guard. 401 without the token or the cookie of a session, except for /healthz /readyz
// /livez, GET /assets and the console's pages (any path that is not reserved), POST /offtake/v1/session and,
// on loopback, /registry. Beyond loopback /registry takes the token as a bearer's or as the password of basic
// authentication (user `offtake`), because registry clients know only that, and for reading
// registry_reader_token as well.
//
// 403 for a Host that is not ours (beyond loopback: where no credentials are shown, which nobody has whose
// page came here by another name), for an Origin that is another site's, and by cookie: for a request that a
// page of another origin has caused, and for an unsafe method without the session's X-Offtake-CSRF.
// Thread-safe.
http::Router::Guard make_guard(GuardOptions options);

}  // namespace offtake::auth
