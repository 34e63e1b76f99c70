#include "base/crash_point.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/server/server.h"

namespace offtake::cli {
namespace {

int run(const Arguments& arguments, Console& console) {
  if (arguments.flag("crash-points")) {
    for (const std::string_view name : base::crash_point_names()) console.out(name);
    return kDone;
  }
  console.out(fmt::format("offtake {}", server::kProductVersion));
  return kDone;
}

}  // namespace

const Verb& version_verb() {
  static const Verb kVerb = {
      "version",
      "Says which version this is",
      {},
      {{"--crash-points", "", "lists the places where tests kill a worker instead", "", false, false, true}},
      "  offtake version",
      run};
  return kVerb;
}

}  // namespace offtake::cli
