#include "base/files/files.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/resource_document.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/resources/schema/crd.h"
#include "operators/targets/types_document.h"

namespace offtake::cli {
namespace {

using Documents = std::vector<std::pair<std::string, std::string>>;  // name, text

Documents docs() {
  return {{"resources.md", resource_document()}, {"types.md", targets::types_document()}};
}

Documents crds() {
  Documents out;
  for (const resources::Kind* kind : resources::schema::custom_kinds())
    out.emplace_back(resources::schema::crd_file_name(*kind), resources::schema::crd_yaml(*kind));
  return out;
}

int run(const Arguments& arguments, Console& console) {
  const std::string what = arguments.has("WHAT") ? arguments.text("WHAT") : "docs";
  if (what == "types") {
    console.say("offtake generate types: it is not available in this version; there are: docs, crds");
    return kFailed;
  }
  if (what != "docs" && what != "crds") {
    console.say(fmt::format("offtake generate: there is no `{}`; there are: docs, crds", what));
    return kUsage;
  }
  const files::Path folder = arguments.has("output") ? arguments.text("output")
                             : what == "docs"        ? "docs"
                                                     : "manifests/crds";
  if (!files::exists(folder)) {
    return fail(console, base::terminal("NotFound", fmt::format("there is no folder {}", folder.string()))
                             .with_hint("run it at the root of the sources, or give --output"));
  }
  for (const auto& [name, text] : what == "docs" ? docs() : crds()) {
    if (auto written = files::write_file_atomic(folder / name, text); !written)
      return fail(console, written.error());
    console.out(fmt::format("{} written", (folder / name).string()));
  }
  return kDone;
}

}  // namespace

const Verb& generate_verb() {
  static const Verb kVerb = {"generate",
                             "Writes what is made from the sources: docs, or crds for Kubernetes",
                             {{"WHAT", "docs (default) or crds", false}},
                             {{"--output", "DIR", "where to; absent: docs, or manifests/crds"}},
                             "  offtake generate docs --output docs",
                             run};
  return kVerb;
}

}  // namespace offtake::cli
