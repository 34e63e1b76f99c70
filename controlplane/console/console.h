// The console's side of the server: its files, sessions of browsers, the stream of changes.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/http/router.h"
#include "controlplane/auth/sessions.h"
#include "controlplane/auth/sign_in.h"
#include "controlplane/console/archive.h"
#include "controlplane/store/resource_client.h"
#include "controlplane/view/progress.h"

namespace offtake::console {

struct ConsoleSettings {
  store::ResourceClient* resources = nullptr;
  view::RunnerList runners;
  auth::Sessions* sessions = nullptr;
  auth::SignIn* sign_in = nullptr;
  const base::Clock* clock = &base::system_clock();
  std::string version;  // of the product
  std::string_view archive = embedded_archive();
};

// Thread-safe. REQUIRES: what the settings point to outlives it, and it outlives the router's server.
class Console {
 public:
  // Begins to follow resources. Code BadArchive.
  static base::Result<std::unique_ptr<Console>> start(ConsoleSettings settings);
  ~Console();

  // With the router's fallback and what is done to every response.
  void add_routes(http::Router& router);
  // Absent where the console is not part of the program.
  std::optional<std::string> new_sign_in_link(const std::string& url);

 private:
  class Impl;
  explicit Console(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace offtake::console
