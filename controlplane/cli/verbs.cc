#include "controlplane/cli/verbs.h"

namespace offtake::cli {

std::vector<const Verb*> verbs() {
  std::vector<const Verb*> out = {
      &serve_verb(),    &console_verb(),  &apply_verb(),   &plan_verb(),   &preview_verb(), &get_verb(),
      &describe_verb(), &wait_verb(),     &delete_verb(),  &pause_verb(),  &resume_verb(),  &logs_verb(),
      &produce_verb(),  &generate_verb(), &version_verb(), &worker_verb(), &operator_verb()};
  for (const Verb* verb : errors_verbs()) out.push_back(verb);
  for (const Verb* verb : catalog_verbs()) out.push_back(verb);
  return out;
}

}  // namespace offtake::cli
