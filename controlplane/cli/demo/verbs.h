// The verbs of the demo.
#pragma once
#include <vector>

#include "controlplane/cli/verb.h"

namespace offtake::cli::demo {

std::vector<const Verb*> verbs();  // demo, then demo generate

}  // namespace offtake::cli::demo
