// "did you mean …". Internal to this folder.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace offtake::sql {

// "did you mean customer_id?", or empty when no candidate is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace offtake::sql
