// Runs workers: as threads (in_process/), as child processes (process/) or as pods (kubernetes/). A runner
// issues incarnations, restarts what dies with backoff, adopts what outlived the control plane, and never
// restarts a worker that was fenced (10), cannot go on (11) or did not understand its job (12).
//
// Thread-safe; one thread at a time ensures, stops or removes a given worker. While one worker drains, others
// and the looks at it go on. observe is cheap: at most a second for a worker that does not answer.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operators/delivery/ledger_desk.h"
#include "operators/worker/job.h"
#include "operators/worker/status.h"
#include "operators/worker/worker_log.h"

namespace offtake::runners {

struct WorkerKey {
  std::string product_uid;
  int revision = 0;
  friend auto operator<=>(const WorkerKey&, const WorkerKey&) = default;
};

// A function of a product: a container image that answers HTTP on $PORT.
struct Function {
  std::string namespace_name, name;  // of its Deployment and its Service
  std::string image;
  std::vector<std::string> command;  // empty: the image's own
  struct Variable {
    std::string name, value;
    std::string secret_name, secret_key;  // instead of the value: of a Secret beside it
  };
  std::vector<Variable> environment;
  std::int64_t memory_bytes = 512 << 20;
};

// What a worker needs beside its job. Secrets: folder/name -> content, written as files of mode 0600.
struct WorkerOrder {
  worker::Job job;
  std::map<std::string, std::string> secrets;
  // Folders of secrets that are not to be had at present: the worker goes on with what it has there.
  std::set<std::string> kept_folders;
  // What takes the product's changes, where the runner has to run it: in a cluster.
  std::optional<Function> function;
  // The control row's, when there is one: the next incarnation is 1 + the greater of this and our own last.
  std::int64_t control_incarnation = 0;
};

using worker::LogOf;
using worker::LogPlace;

struct Observation {
  bool running = false;
  std::int64_t pid = 0;
  std::int64_t incarnation = 0;
  int restarts = 0;
  int failures = 0;      // unforeseen ends in a row, none of which had committed an epoch
  std::string job_hash;  // of the order it was started with
  // Why it does not run although it should, where that is known: it waits for a place, for an image.
  std::optional<base::Error> waits;
  std::optional<worker::WorkerStatus> status;  // the last one it gave; absent while it has not answered
};

inline base::Error draining() {
  return base::transient("Draining", "the server is stopping");
}

inline base::Error not_running(int revision) {
  return base::transient("WorkerNotRunning",
                         fmt::format("the worker of revision {} does not run; its ledger is read and changed "
                                     "by it alone",
                                     revision))
      .with_hint("resume the product, or wait until its worker has started");
}

class Runner {
 public:
  virtual ~Runner() = default;
  // Makes sure that a worker runs this order: starts it, restarts it when the job or a secret changed
  // (drained first), or does nothing. A worker that ended with a final code is not started again for the same
  // job.
  virtual base::Status ensure(const WorkerOrder& order) = 0;
  virtual base::Result<Observation> observe(const WorkerKey& key) = 0;
  // Drains and waits for the end, at most `patience`; then it is killed. Gone already = success.
  virtual base::Status stop(const WorkerKey& key, std::chrono::milliseconds patience) = 0;
  // After stop: removes what the worker left on disk.
  virtual base::Status remove(const WorkerKey& key) = 0;
  // Workers that exist, adopted ones included.
  virtual std::vector<WorkerKey> list() = 0;
  // What the worker's log has from `place` on, at most `limit` bytes; `place` moves behind it. Goes on in the
  // next file where the log was rotated. Empty where the log ends.
  virtual base::Result<std::string> read_log(const WorkerKey& key, LogPlace& place, std::size_t limit,
                                             LogOf of = LogOf::kWorker) = 0;
  // Asks the worker about its ledger, or gives it a command (some seconds; half a minute at most). Codes
  // WorkerNotRunning (transient), and those of LedgerDesk::ask and of the worker.
  virtual base::Result<delivery::LedgerDesk::Answer> ask_ledger(
      const WorkerKey& key, const delivery::LedgerDesk::Request& request) = 0;
  // Ends everything at epoch boundaries (SIGTERM to the server); from now on nothing is started: ensure()
  // gives Draining (transient).
  virtual void drain_all(std::chrono::milliseconds patience) = 0;
};

}  // namespace offtake::runners
