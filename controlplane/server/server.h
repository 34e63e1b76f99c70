// `offtake serve`: everything on one machine in one process: resource API, reconcilers, registry, event log,
// view API, console, metrics; workers as threads and as children.
#pragma once
#include <functional>
#include <string>

#include "base/files/files.h"
#include "base/result.h"

namespace offtake::server {

inline constexpr const char* kProductVersion = "0.1.0";

struct ServeOptions {
  files::Path data_directory;  // made if need be
  std::string host = "127.0.0.1";
  int port = 7070;                         // 0: a free one
  std::vector<std::string> console_hosts;  // names beside its address that browsers know it by
  files::Path kubeconfig;                  // where a context for this server is written; empty: nowhere
  // Called once, when the server answers.
  struct Ready {
    std::string url;
    std::string sign_in_link;  // of the console, good once; empty: it is not part of this program
  };
  std::function<void(const Ready& ready)> on_ready;
};

// ~/.local/share/offtake, or below $XDG_DATA_HOME.
files::Path default_data_directory();
// $XDG_CONFIG_HOME/offtake/kubeconfig, by default below ~/.config.
files::Path default_kubeconfig();

// Runs until SIGTERM or SIGINT, then drains the workers at an epoch boundary. Call it at the start of main:
// it takes over the signals. Errors: DataDirectoryInUse, NewerVersion, AddressInUse …
base::Status serve(const ServeOptions& options);

}  // namespace offtake::server
