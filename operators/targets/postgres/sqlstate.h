// What a SQLSTATE means for delivery (correctness: "Retry classes"). Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::targets::postgres {

struct ServerMessage {
  std::string state;    // SQLSTATE, five characters; empty when the server did not say
  std::string primary;  // one line
  std::string detail, hint, context, constraint;
};

base::Error error_from(const ServerMessage& message);
// The key and values of "Key (a, b)=(1, x) …", in whatever language the server speaks: "a, b" and "1, x".
std::pair<std::string, std::string> key_in_detail(std::string_view detail);

}  // namespace offtake::targets::postgres
