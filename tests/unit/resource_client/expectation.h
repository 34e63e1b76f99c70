// What an object should be like, as data. Members that are not named are not looked at; "*" is anything, "!"
// is absent, "$name" is the value that was met under that name (the first to meet it gives it), "!$name" any
// other.
#pragma once
#include <map>
#include <string>

#include "base/json/value.h"

namespace offtake::resource_client_test {

using Variables = std::map<std::string, std::string>;  // "$name" to text

// Empty, or where it differs and how.
std::string difference(const json::Value& expected, const json::Value* actual, Variables& variables);

// In all texts, also as a part of them.
json::Value with_values(json::Value value, const Variables& variables);

}  // namespace offtake::resource_client_test
