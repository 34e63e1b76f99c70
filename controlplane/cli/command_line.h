// From argv to a verb. The only place that knows the parser library.
#pragma once
#include <vector>

#include "controlplane/cli/verb.h"

namespace offtake::cli {

// Parses and runs; gives the exit code. Help and errors of usage (exit code 2, with the nearest known word)
// are printed here. `verbs` live as long as the call.
int run_command_line(int argc, const char* const* argv, const std::vector<const Verb*>& verbs,
                     Console& console);

}  // namespace offtake::cli
