// The data directory: VERSION LOCK secret.key token installation sessions.json resources.db registry.db
// events/ targets/ run/ servers/. One server at a time.
#pragma once
#include <string>

#include "base/files/files.h"

namespace offtake::server {

struct DataDirectory {
  files::Path path;
  files::LockFile lock;
  std::string secret_key;  // 32 bytes
  std::string token;
  std::string installation;  // a uuid, made once
  bool fresh = false;        // made just now
};

// Codes: DataDirectoryInUse, NewerVersion, BadSecretKey, and those of files.
base::Result<DataDirectory> open_data_directory(const files::Path& path);

}  // namespace offtake::server
