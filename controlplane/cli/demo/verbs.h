// The verbs of the demo.
#pragma once
#include <vector>

#include "controlplane/cli/verb.h"

namespace offtake::cli::demo {

std::vector<const Verb*> verbs();  // demo, then those below it
const Verb& generate_verb();
const Verb& mailer_verb();

}  // namespace offtake::cli::demo
