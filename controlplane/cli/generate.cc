#include "base/files/files.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/resource_document.h"
#include "controlplane/cli/verbs.h"
#include "operators/targets/types_document.h"

namespace offtake::cli {
namespace {

int run(const Arguments& arguments, Console& console) {
  const std::string what = arguments.has("WHAT") ? arguments.text("WHAT") : "docs";
  if (what == "crds" || what == "types") {
    console.say(
        fmt::format("offtake generate {}: it is not available in this version; there is: docs", what));
    return kFailed;
  }
  if (what != "docs") {
    console.say(fmt::format("offtake generate: there is no `{}`; there is: docs", what));
    return kUsage;
  }
  const files::Path folder = arguments.text("output");
  if (!files::exists(folder)) {
    return fail(console, base::terminal("NotFound", fmt::format("there is no folder {}", folder.string()))
                             .with_hint("run it at the root of the sources, or give --output"));
  }
  const std::pair<const char*, std::string> documents[] = {{"resources.md", resource_document()},
                                                           {"types.md", targets::types_document()}};
  for (const auto& [name, text] : documents) {
    if (auto written = files::write_file_atomic(folder / name, text); !written)
      return fail(console, written.error());
    console.out(fmt::format("{} written", (folder / name).string()));
  }
  return kDone;
}

}  // namespace

const Verb& generate_verb() {
  static const Verb kVerb = {"generate",
                             "Writes the reference of the resources, and of the types in targets",
                             {{"WHAT", "docs", false}},
                             {{"--output", "DIR", "where to", "docs"}},
                             "  offtake generate docs --output docs",
                             run};
  return kVerb;
}

}  // namespace offtake::cli
