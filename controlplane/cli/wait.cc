#include "controlplane/cli/verbs.h"
#include "controlplane/cli/wait_for.h"

namespace offtake::cli {
namespace {

struct Goal {
  bool deletion = false;
  std::string condition, status;
};

base::Result<Goal> read_goal(const std::string& text) {
  Goal out;
  if (text == "delete") {
    out.deletion = true;
    return out;
  }
  constexpr std::string_view kPrefix = "condition=";
  if (!text.starts_with(kPrefix) || text.size() == kPrefix.size()) {
    return base::terminal("BadGoal", fmt::format("--for: `{}` cannot be waited for", text))
        .with_hint("write condition=Ready, condition=Stalled=False or delete");
  }
  out.condition = text.substr(kPrefix.size());
  out.status = "True";
  if (const auto equals = out.condition.find('='); equals != std::string::npos) {
    out.status = out.condition.substr(equals + 1);
    out.condition.resize(equals);
  }
  return out;
}

int run(const Arguments& arguments, Console& console) {
  auto goal = read_goal(arguments.text("for"));
  auto timeout = base::parse_duration(arguments.text("timeout"));
  if (!goal || !timeout) {
    console.error(goal ? std::move(timeout).error().in("--timeout") : goal.error());
    return kUsage;
  }
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  auto object = read_object_name(arguments, **client, true);
  if (!object) {
    console.error(object.error());
    return kUsage;
  }
  WaitChoices choices;
  choices.timeout = std::chrono::milliseconds(*timeout / 1000);
  choices.show_progress = goal->condition == "Ready";
  const base::Status reached =
      goal->deletion ? wait_for_deletion(**client, *object, "", choices)
                     : wait_for_condition(**client, *object, goal->condition, goal->status, choices, console);
  if (!reached) return fail(console, reached.error());
  console.out(
      fmt::format("{} {}", object->title(),
                  goal->deletion ? "is gone" : fmt::format("has {}={}", goal->condition, goal->status)));
  return kDone;
}

}  // namespace

const Verb& wait_verb() {
  static const Verb kVerb = {
      "wait",
      "Waits until an object is as wanted; exit code 1 when it is not in time",
      {{"KIND", "dataproduct, dataset, eventstore, targetclass, secret, namespace"},
       {"NAME", "the object's; KIND/NAME in one word as well", false}},
      {{"--for", "WHAT", "condition=TYPE, condition=TYPE=STATUS or delete", "condition=Ready"},
       {"--timeout", "DURATION", "how long: 60s, 5m", "60s"},
       namespace_option()},
      "  offtake wait dataproduct payment-confirmations -n retail --for condition=Ready --timeout 5m\n"
      "  offtake wait dataproduct payment-confirmations -n retail --for delete",
      run,
      false,
      true};
  return kVerb;
}

}  // namespace offtake::cli
