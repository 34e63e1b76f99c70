#include "base/log.h"
#include "base/result.h"
#include "controlplane/cli/command_line.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/demo/verbs.h"
#include "controlplane/cli/verbs.h"

int main(int argc, char** argv) {
  offtake::cli::Console console;
  try {
    auto verbs = offtake::cli::verbs();
    for (const auto* verb : offtake::cli::demo::verbs()) verbs.push_back(verb);
    return offtake::cli::run_command_line(argc, argv, verbs, console);
  } catch (const std::exception& bug) {
    console.error(offtake::base::internal(bug.what()));
    return offtake::cli::kFailed;
  }
}
