#include "controlplane/cli/connection.h"
#include "controlplane/cli/verbs.h"

namespace offtake::cli {
namespace {

constexpr const char* kManager = "offtake-pause";

// Server-side apply of spec.paused alone; without it in the object, what this manager set goes.
int change(const Arguments& arguments, Console& console, bool paused) {
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  const auto& kind = resources::kind_of<resources::DataProduct>();
  const std::string space = namespace_of(arguments, **client), name = arguments.text("NAME");
  auto present = (*client)->get(kind, space, name);
  if (!present) return fail(console, present.error());
  // With the uid, so that a product deleted meanwhile is not made again.
  json::Value body = json::Object{
      {"apiVersion", kind.api_version()},
      {"kind", kind.kind},
      {"metadata",
       json::Object{{"name", name}, {"namespace", space}, {"uid", (*present)["metadata"]["uid"]}}}};
  if (paused) body.set("spec", json::Object{{"paused", true}});
  store::ApplyOptions options;
  options.field_manager = kManager;
  auto written = (*client)->apply(body, options);
  if (!written) return fail(console, written.error());
  const std::string title = title_of(written->object);
  const bool still = written->object["spec"].bool_or("paused");
  if (!paused && still) {
    console.say(
        fmt::format("{}: spec.paused is also set by others; remove it where the product is written "
                    "and apply it",
                    title));
    return kFailed;
  }
  if (!written->changed) {
    console.out(fmt::format("{} is {} already", title, paused ? "paused" : "running"));
  } else {
    console.out(fmt::format("{} {}", title, paused ? "paused" : "resumed"));
  }
  return kDone;
}

}  // namespace

const Verb& pause_verb() {
  static const Verb kVerb = {"pause",
                             "Stops the flow of a product; what is in its target stays readable",
                             {{"NAME", "the product"}},
                             {namespace_option()},
                             "  offtake pause payment-confirmations -n retail",
                             [](const Arguments& a, Console& c) { return change(a, c, true); },
                             false,
                             true};
  return kVerb;
}

const Verb& resume_verb() {
  static const Verb kVerb = {"resume",
                             "Lets a paused product go on where it stopped",
                             {{"NAME", "the product"}},
                             {namespace_option()},
                             "  offtake resume payment-confirmations -n retail",
                             [](const Arguments& a, Console& c) { return change(a, c, false); },
                             false,
                             true};
  return kVerb;
}

}  // namespace offtake::cli
