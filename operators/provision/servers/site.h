// A server's folder: what is noted there, who may reach it, and the ports. Internal to this folder.
#pragma once
#include <optional>

#include "operators/provision/servers/server_kind.h"

namespace offtake::provision::servers {

// server.json
struct SiteRecord {
  std::string uid;         // of the class
  std::string form;        // engine, parameters and digest of the password that it was last started with
  std::vector<int> ports;  // kept over restarts while they are free
};
base::Result<std::optional<SiteRecord>> read_record(const files::Path& directory);
base::Status write_record(const files::Path& directory, const SiteRecord& record);

// Whom the server runs as: absent for this process's own account. Codes RootRefused, UserMissing,
// RunAsDenied.
base::Result<std::optional<process::User>> choose_user(const ServerKind& kind, const std::string& run_as);
// Makes the folder, and sees to it that the server's user may pass to it: the installation's own directories
// are opened for passing through (not for reading), others are not touched. Code DirectoryClosed names the
// one in the way.
base::Status open_directory(const Site& site);

}  // namespace offtake::provision::servers
