// The part of docs/targets.md that this suite answers for: the engines' traits, and the cases that prove
// them.
#pragma once
#include <string>

namespace offtake::targets_test {

std::string promises_document();

}  // namespace offtake::targets_test
