#include <algorithm>

#include "controlplane/view/progress.h"

namespace offtake::view {
namespace {

void set_instant(json::Value& out, std::string_view name, base::Micros instant) {
  if (instant != 0) out.set(name, base::format_instant(instant));
}

json::Value to_json(const delivery::ProgressSnapshot& progress, base::Micros now) {
  json::Value out = json::Value::object();
  out.set("state", delivery::to_string(progress.state));
  if (progress.stall) {
    out.set("reason", progress.stall->reason);
    out.set("message", progress.stall->message);
  }
  out.set("recordsRead", progress.records_read);
  out.set("recordsTotal", progress.records_total);
  out.set("bytesRead", progress.bytes_read);
  out.set("rowsLoaded", progress.rows_loaded);
  set_instant(out, "fillStarted", progress.fill_started);
  set_instant(out, "fillCompleted", progress.fill_completed);
  out.set("epoch", progress.epoch);
  out.set("epochsCommitted", progress.epochs_committed);
  out.set("recordsLive", progress.records_live);
  set_instant(out, "completeThrough", progress.complete_through);
  set_instant(out, "lastCommit", progress.last_commit);
  if (progress.complete_through != 0) {
    out.set("lagMilliseconds", std::max<std::int64_t>(0, (now - progress.complete_through) / 1000));
  }
  out.set("lagRecords", progress.lag_records);
  out.set("rows", progress.content.rows);
  out.set("checksum", fmt::format("{:016x}", progress.content.sum));
  out.set("published", progress.published);
  out.set("stateBytes", progress.state_bytes);
  if (progress.checkpoint_at != 0) {
    json::Value checkpoint = json::Value::object();
    set_instant(checkpoint, "at", progress.checkpoint_at);
    checkpoint.set("epoch", progress.checkpoint_epoch);
    checkpoint.set("bytes", progress.checkpoint_bytes);
    out.set("checkpoint", std::move(checkpoint));
  }
  out.set("checkpointsFailed", progress.checkpoints_failed);
  out.set("skippedNulls", progress.skipped_nulls);
  out.set("nullEventTimes", progress.null_event_times);
  out.set("parked", progress.parked);
  out.set("parkedWaiting", progress.parked_waiting);
  out.set("retrying", progress.retrying);
  out.set("discarded", progress.discarded);
  out.set("errorRows", progress.error_rows);
  json::Value warnings = json::Value::array();
  for (const auto& warning : progress.warnings) warnings.push_back(warning);
  out.set("warnings", std::move(warnings));
  return out;
}

}  // namespace

std::vector<FoundWorker> workers_of(const resources::DataProduct& product, const RunnerList& runners) {
  std::vector<FoundWorker> out;
  for (const auto& runner : runners) {
    for (const auto& key : runner->list()) {
      if (key.product_uid == product.metadata.uid) out.push_back({key.revision, runner.get()});
    }
  }
  std::sort(out.begin(), out.end(),
            [](const FoundWorker& a, const FoundWorker& b) { return a.revision < b.revision; });
  return out;
}

json::Value progress_json(const resources::DataProduct& product, const RunnerList& runners,
                          base::Micros now) {
  json::Value out = json::Value::object();
  out.set("apiVersion", "view.offtake.dev/v1alpha1");
  out.set("kind", "Progress");
  json::Value revisions = json::Value::array();
  for (const FoundWorker& found : workers_of(product, runners)) {
    auto observed = found.runner->observe({product.metadata.uid, found.revision});
    if (!observed) continue;
    json::Value one = json::Value::object();
    if (observed->status) one = to_json(observed->status->progress, now);
    one.set("revision", found.revision);
    one.set("running", observed->running);
    one.set("pid", observed->pid);
    one.set("incarnation", observed->incarnation);
    one.set("restarts", observed->restarts);
    if (observed->status && observed->status->exit != worker::Exit::kRunning) {
      one.set("exitReason", observed->status->exit_reason);
      one.set("exitMessage", observed->status->exit_message);
    }
    revisions.push_back(std::move(one));
  }
  out.set("revisions", std::move(revisions));
  return out;
}

base::Result<LogPiece> read_log(const resources::DataProduct& product, const RunnerList& runners,
                                int revision, runners::LogPlace from, runners::LogOf of) {
  constexpr std::size_t kPiece = 256 << 10;
  const auto workers = workers_of(product, runners);
  for (auto found = workers.rbegin(); found != workers.rend(); ++found) {
    if (revision > 0 && found->revision != revision) continue;
    auto text = found->runner->read_log({product.metadata.uid, found->revision}, from, kPiece, of);
    if (!text) return std::move(text).error();
    return LogPiece{found->revision, *std::move(text), from};
  }
  return base::terminal("NotFound",
                        fmt::format("DataProduct {} has no worker{} yet", product.metadata.key(),
                                    revision > 0 ? fmt::format(" of revision {}", revision) : ""));
}

}  // namespace offtake::view
