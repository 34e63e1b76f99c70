#include "controlplane/cli/apply_documents.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/documents.h"
#include "controlplane/cli/verbs.h"

namespace offtake::cli {
namespace {

int run(const Arguments& arguments, Console& console) {
  // What is wrong with the documents alone needs no server to be seen.
  std::unique_ptr<ApiClient> client;
  auto connected = connect(arguments);
  std::string space = arguments.text("namespace");
  if (connected) {
    client = *std::move(connected);
    space = namespace_of(arguments, *client);
  }
  const auto documents = read_all(arguments.all("filename"), space.empty() ? "default" : space, console);
  if (!documents) return kFailed;
  if (client == nullptr) return fail(console, connected.error());
  ApplyChoices choices;
  choices.plan = !arguments.flag("no-plan");
  choices.dry_run = arguments.flag("dry-run");
  return apply_documents(*client, *documents, choices, console) ? kDone : kFailed;
}

}  // namespace

const Verb& apply_verb() {
  static const Verb kVerb = {
      "apply",
      "Creates or changes what the documents describe",
      {},
      {{"-f,--filename", "FILE", "a file, a folder, or - for standard input; may be given again", "", true,
        true},
       {"--no-plan", "", "sends without planning first; what is wrong then shows as a condition"},
       {"--dry-run", "", "says what would be done, and does nothing"},
       namespace_option()},
      "  offtake apply -f product.yaml\n"
      "  offtake apply -f shop/ -f products/ --dry-run",
      run,
      false,
      true};
  return kVerb;
}

}  // namespace offtake::cli
