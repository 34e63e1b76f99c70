// One worker process as this server knows it: its directory, its identity, what it said last. One thread at
// a time.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/files/files.h"
#include "base/http/client.h"
#include "base/process/process.h"
#include "operators/delivery/ledger_desk.h"
#include "operators/worker/status.h"

namespace offtake::runners {

// Asks the worker whose directory this is. From any thread; takes as long as the worker does.
base::Result<delivery::LedgerDesk::Answer> ask_worker_ledger(const files::Path& directory, int revision,
                                                             const delivery::LedgerDesk::Request& request);

class WorkerProcess {
 public:
  // REQUIRES: job.json and secrets are in `directory`. The incarnation is 1 + the greater of the directory's
  // last one and `control_incarnation`.
  static base::Result<std::unique_ptr<WorkerProcess>> start(const files::Path& executable,
                                                            const files::Path& directory,
                                                            const std::string& job_hash,
                                                            std::int64_t control_incarnation);
  // The process that an earlier server started there; null when there is none that lives.
  static std::unique_ptr<WorkerProcess> adopt(const files::Path& directory);

  bool running();
  // Its status over the socket; absent while it does not answer.
  std::optional<worker::WorkerStatus> ask();
  // After its end: what it left in status.json, or what its exit code says.
  std::optional<worker::WorkerStatus> last_words();
  // Fenced, terminal or not understood: not to be started again for the same job.
  bool ended_for_good();

  const process::Identity& identity() const { return identity_; }
  const std::string& job_hash() const { return job_hash_; }
  std::int64_t incarnation() const { return incarnation_; }

 private:
  explicit WorkerProcess(files::Path directory) : directory_(std::move(directory)) {}
  files::Path directory_;
  process::Identity identity_;
  std::string job_hash_;
  std::int64_t incarnation_ = 0;
  bool child_ = false;
  bool gone_ = false;
  std::optional<process::Exit> exit_;
  std::optional<worker::WorkerStatus> last_;
};

}  // namespace offtake::runners
