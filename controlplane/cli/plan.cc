#include "controlplane/cli/connection.h"
#include "controlplane/cli/documents.h"
#include "controlplane/cli/plan_request.h"
#include "controlplane/cli/verbs.h"

namespace offtake::cli {
namespace {

struct Outcome {
  bool wrong = false;
  bool changes = false;
};

void show(const std::string& title, const PlanAnswer& answer, bool as_json, Console& console,
          Outcome& outcome) {
  if (as_json && !answer.plan.is_null()) {
    console.out(json::dump(answer.plan, 2));
  } else if (!answer.plan.is_null()) {
    console.text(plan_text(title, answer.plan, console));
  }
  for (const auto& warning : answer.warnings) console.warn(warning);
  for (const auto& waiting : answer.waiting) console.warn(waiting_text(waiting));
  for (const auto& error : answer.errors) console.error(error);
  outcome.wrong = outcome.wrong || !answer.errors.empty();
  outcome.changes = outcome.changes || answer.changes();
}

int exit_code(const Outcome& outcome) {
  if (outcome.wrong) return kFailed;
  return outcome.changes ? kChanges : kDone;
}

int plan_files(const Arguments& arguments, ApiClient& client, Console& console) {
  const auto documents = read_all(arguments.all("filename"), namespace_of(arguments, client), console);
  if (!documents) return kFailed;
  Outcome outcome;
  bool first = true;
  for (const auto& document : *documents) {
    if (document.kind != &resources::kind_of<resources::DataProduct>()) continue;
    auto answer = plan_document(client, document, *documents);
    if (!answer) return fail(console, answer.error());
    if (!first) console.out("");
    first = false;
    show(document.title(), *answer, arguments.text("output") == "json", console, outcome);
  }
  if (first) {
    console.say(fmt::format("{}: there is no DataProduct in it, and only these are planned",
                            fmt::join(arguments.all("filename"), ", ")));
    return kFailed;
  }
  return exit_code(outcome);
}

int run(const Arguments& arguments, Console& console) {
  if (arguments.has("filename") == arguments.has("NAME")) {
    console.say("offtake plan: give either -f FILE or the NAME of a product");
    return kUsage;
  }
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  if (arguments.has("filename")) return plan_files(arguments, **client, console);
  const std::string space = namespace_of(arguments, **client), name = arguments.text("NAME");
  auto product = (*client)->get(resources::kind_of<resources::DataProduct>(), space, name);
  if (!product) return fail(console, product.error());
  auto answer = plan_stored(**client, space, name);
  if (!answer) return fail(console, answer.error());
  Outcome outcome;
  show(fmt::format("DataProduct {}/{}", space, name), *answer, arguments.text("output") == "json", console,
       outcome);
  return exit_code(outcome);
}

}  // namespace

const Verb& plan_verb() {
  static const Verb kVerb = {
      "plan",
      "Shows what would be done for products, and does nothing; exit code 3 with changes",
      {{"NAME", "a product that exists already", false}},
      {{"-f,--filename", "FILE", "the documents: a file, a folder, or - for standard input", "", true},
       {"-o,--output", "FORMAT", "json: as the API gives it"},
       namespace_option()},
      "  offtake plan -f product.yaml\n"
      "  offtake plan payment-confirmations -n retail",
      run,
      false,
      true};
  return kVerb;
}

}  // namespace offtake::cli
