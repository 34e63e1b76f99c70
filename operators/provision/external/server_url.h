// Where a PostgreSQL server is, as a target class says it. Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::provision::external {

struct ServerUrl {
  std::string host, database, ssl_mode;
  int port = 5432;
};

// postgresql://host[:port]/database[?sslmode=…]. Code BadUrl; credentials in it are refused: they belong in a
// Secret.
base::Result<ServerUrl> parse_server_url(std::string_view url);

}  // namespace offtake::provision::external
