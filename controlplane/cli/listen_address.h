// HOST:PORT as serve and demo take it.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::cli {

struct ListenAddress {
  std::string host;
  int port = 0;
};
// "[::1]:7070" as well. Code BadListenAddress.
base::Result<ListenAddress> read_listen_address(std::string_view text);

}  // namespace offtake::cli
