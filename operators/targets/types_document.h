// docs/types.md: what each type becomes in each engine, from the engines' own tables.
#pragma once
#include <string>

namespace offtake::targets {

std::string types_document();

}  // namespace offtake::targets
