// docs/resources.md, from the field tables of the kinds. Pure.
#pragma once
#include <string>

namespace offtake::cli {

std::string resource_document();

}  // namespace offtake::cli
