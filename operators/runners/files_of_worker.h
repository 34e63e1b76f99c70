// What a worker has on disk, below <run directory>/<uid>/r<N>/: job.json secrets/ pid worker.sock status.json
// worker.log, and worker.1.log (the one before it) to worker.4.log; the worker itself adds checkpoints/,
// schemas/ and function/ (function.log, which rotates likewise, but is copied and cut). Secrets have mode
// 0600 in a folder of mode 0700.
#pragma once
#include "base/files/files.h"
#include "operators/runners/runner.h"

namespace offtake::runners {

files::Path worker_directory(const files::Path& run_directory, const WorkerKey& key);
// Brings job.json and the secrets on disk to what the order says: writes what differs, removes secrets that
// it does not name. Gives the directory.
base::Result<files::Path> write_worker_files(const files::Path& run_directory, const WorkerOrder& order);
// Whether a worker that runs on what is on disk has to be started again to follow the order's secrets. Those
// that workers read at each use (worker::is_read_at_use) do not count.
base::Result<bool> secrets_want_restart(const files::Path& run_directory, const WorkerOrder& order);
// Of everything that may change beside the job: equal digests need no look at the disk.
std::string digest_of_secrets(const WorkerOrder& order);
// As Runner::read_log.
base::Result<std::string> read_worker_log(const files::Path& run_directory, const WorkerKey& key,
                                          LogPlace& place, std::size_t limit, LogOf of = LogOf::kWorker);
// Workers that have a directory.
std::vector<WorkerKey> listed_workers(const files::Path& run_directory);

}  // namespace offtake::runners
