// A PostgreSQL server of the tests' own: made in a temporary directory, a child of this process, stopped by
// its id.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

#include "base/files/files.h"
#include "operators/targets/postgres/connection.h"

namespace offtake::targets_test {

class PostgresServer {
 public:
  PostgresServer();  // aborts the test when the server cannot be started
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  int port() const { return port_; }
  targets::postgres::ConnectionSettings admin() const;
  std::unique_ptr<targets::postgres::Connection> connect() const;

  void stop();   // at once, as a crash would
  void start();  // again, on the same port

 private:
  void run(const std::vector<std::string>& command);
  std::optional<files::TempDir> directory_;
  std::string data_;
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace offtake::targets_test
