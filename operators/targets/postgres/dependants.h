// Who else stands on the public view: views, functions and tables of others, which keep it from being
// dropped.
#pragma once
#include <string>
#include <vector>

#include "operators/targets/postgres/connection.h"

namespace offtake::targets::postgres {

// In the server's words ("view reporting.daily"), sorted, at most eleven. Empty also when there is no such
// view.
base::Result<std::vector<std::string>> dependants_of(Connection& connection, const std::string& schema,
                                                     const std::string& view);

// "a, b and 3 more": ten at most are named.
std::string listed(const std::vector<std::string>& dependants);

}  // namespace offtake::targets::postgres
