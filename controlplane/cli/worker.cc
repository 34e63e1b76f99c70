#include <charconv>

#include "base/log.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/verbs.h"
#include "operators/worker/process.h"
#include "operators/worker/status.h"

namespace offtake::cli {
namespace {

int run(const Arguments& arguments, Console& console) {
  worker::ProcessArguments process;
  process.job_file = arguments.text("job");
  process.secrets_directory = arguments.text("secrets");
  process.state_directory = arguments.text("state");
  process.status_address = arguments.text("status");
  const std::string incarnation = arguments.text("incarnation");
  const char* end = incarnation.data() + incarnation.size();
  const auto parsed = std::from_chars(incarnation.data(), end, process.incarnation);
  if (parsed.ec != std::errc() || parsed.ptr != end || process.incarnation < 1) {
    console.say(fmt::format("--incarnation: `{}` is no whole number from 1 on", incarnation));
    return kUsage;
  }
  process.token_file = arguments.text("token-file");
  process.stay = arguments.has("stay");
  base::LogOptions log;
  log.also_stderr = arguments.has("stay");
  log.file = process.state_directory + "/worker.log";
  base::configure_log(log);
  return worker::run_process(process);
}

}  // namespace

const Verb& worker_verb() {
  static const Verb kVerb = {
      "worker",
      "Runs one revision of a product in a process of its own; the server starts these",
      {},
      {{"--job", "FILE", "what to do; or a folder with its parts", "", false, true},
       {"--secrets", "DIR", "the credentials, a file each", "", false, true},
       {"--state", "DIR", "for worker.log and status.json", "", false, true},
       {"--status", "ADDRESS", "where its status is asked: unix:PATH or HOST:PORT", "", false, true},
       {"--incarnation", "N", "greater than that of every worker of this revision before", "", false, true},
       {"--token-file", "FILE", "what who asks at the status address has to show"},
       {"--stay", "",
        "in a container: log to stderr as well, and one that ended for good waits for SIGTERM"}},
      "  offtake worker --job job.json --secrets secrets --state . --status unix:worker.sock --incarnation 1",
      run,
      true};
  return kVerb;
}

}  // namespace offtake::cli
