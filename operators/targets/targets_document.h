// docs/targets.md: what each engine promises, from the engines' traits.
#pragma once
#include <string>

namespace offtake::targets {

std::string targets_document();

}  // namespace offtake::targets
