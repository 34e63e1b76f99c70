// Every verb of `offtake` but the demo's, in the order of the help.
#pragma once
#include <vector>

#include "controlplane/cli/verb.h"

namespace offtake::cli {

std::vector<const Verb*> verbs();

const Verb& serve_verb();
const Verb& console_verb();
const Verb& apply_verb();
const Verb& plan_verb();
const Verb& preview_verb();
const Verb& get_verb();
const Verb& describe_verb();
const Verb& wait_verb();
const Verb& delete_verb();
const Verb& pause_verb();
const Verb& resume_verb();
const Verb& logs_verb();
std::vector<const Verb*> errors_verbs();   // errors, then those below it
std::vector<const Verb*> catalog_verbs();  // catalog, then those below it
const Verb& produce_verb();
const Verb& operator_verb();
const Verb& generate_verb();
const Verb& version_verb();
const Verb& worker_verb();

}  // namespace offtake::cli
