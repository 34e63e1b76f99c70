// /offtake/v1/session: signing in by a token or by a code, once; who one is; signing out. And
// POST /offtake/v1/session/codes, by which the command line gets a code for a link.
#pragma once
#include <string>

#include "base/http/router.h"
#include "controlplane/auth/sessions.h"
#include "controlplane/auth/sign_in.h"

namespace offtake::console {

struct SessionContext {
  auth::Sessions* sessions = nullptr;
  auth::SignIn* sign_in = nullptr;
  std::string version;  // of the product
  std::string build;    // of the console's files; empty: none
};

// REQUIRES: what `context` points to outlives the router, whose guard is auth's.
void add_session_routes(http::Router& router, SessionContext context);

// "http://127.0.0.1:7070" -> ".../sign-in#code=…": a browser sends no server what is behind '#'.
std::string sign_in_link(const std::string& url, const std::string& code);

}  // namespace offtake::console
