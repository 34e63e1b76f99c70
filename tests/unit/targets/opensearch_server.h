// An OpenSearch or Elasticsearch of the tests' own: a single node in a temporary directory, a child of this
// process, ended by its id.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

#include "base/files/files.h"

namespace offtake::targets_test {

class OpenSearchServer {
 public:
  // The distribution in the cache of the tests, or the unpacked one that this environment variable names.
  // Aborts the test when the server cannot be started.
  explicit OpenSearchServer(const char* other_home);
  ~OpenSearchServer();
  OpenSearchServer(const OpenSearchServer&) = delete;
  OpenSearchServer& operator=(const OpenSearchServer&) = delete;

  std::string url() const;
  void kill();   // -9
  void start();  // again, on the same port

 private:
  void write_settings();
  std::vector<std::string> command() const;
  std::optional<files::TempDir> directory_;
  std::string home_, folder_;
  bool elastic_ = false;
  int major_ = 2;
  pid_t pid_ = -1;
  int port_ = 0, transport_ = 0;
};

}  // namespace offtake::targets_test
