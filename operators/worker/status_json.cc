#include "base/json/value.h"
#include "operators/targets/control_json.h"
#include "operators/worker/status.h"

namespace offtake::worker {
namespace {

// Checksums use all 64 bits, which JSON readers lose: text.
std::string hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}
std::uint64_t from_hex(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 16);
}

json::Value names(const std::set<std::string>& datasets) {
  json::Value out = json::Value::array();
  for (const auto& dataset : datasets) out.push_back(dataset);
  return out;
}
std::set<std::string> names_from(const json::Value& value) {
  std::set<std::string> out;
  if (!value.is_array()) return out;
  for (const auto& item : value.as_array()) {
    if (item.is_string()) out.insert(item.as_string());
  }
  return out;
}

json::Value to_json(const delivery::ProgressSnapshot& progress) {
  json::Value out = json::Value::object();
  out.set("state", delivery::to_string(progress.state));
  if (progress.stall) {
    json::Value stall = json::Value::object();
    stall.set("reason", progress.stall->reason);
    stall.set("message", progress.stall->message);
    stall.set("since", progress.stall->since);
    stall.set("lasting", progress.stall->lasting);
    out.set("stall", std::move(stall));
  }
  out.set("recordsRead", progress.records_read);
  out.set("recordsTotal", progress.records_total);
  out.set("bytesRead", progress.bytes_read);
  out.set("rowsLoaded", progress.rows_loaded);
  out.set("fillStarted", progress.fill_started);
  out.set("fillCompleted", progress.fill_completed);
  out.set("epoch", progress.epoch);
  out.set("epochsCommitted", progress.epochs_committed);
  out.set("recordsLive", progress.records_live);
  out.set("completeThrough", progress.complete_through);
  out.set("lastCommit", progress.last_commit);
  out.set("lagRecords", progress.lag_records);
  out.set("rows", progress.content.rows);
  out.set("checksum", hex(progress.content.sum));
  out.set("published", progress.published);
  out.set("verifiedRows", progress.verified_rows);
  out.set("verifiedChecksum", hex(progress.verified_checksum));
  out.set("verifiedAt", progress.verified_at);
  out.set("offsets", targets::to_json(progress.offsets));
  out.set("cut", targets::to_json(progress.cut));
  out.set("stateBytes", progress.state_bytes);
  out.set("skippedNulls", progress.skipped_nulls);
  out.set("nullEventTimes", progress.null_event_times);
  out.set("parked", progress.parked);
  out.set("parkedWaiting", progress.parked_waiting);
  out.set("retrying", progress.retrying);
  out.set("discarded", progress.discarded);
  out.set("errorRows", progress.error_rows);
  out.set("keysSpanPartitions", names(progress.keys_span_partitions));
  out.set("keysInOnePartition", names(progress.keys_in_one_partition));
  if (progress.checkpoint_at != 0) {
    json::Value checkpoint = json::Value::object();
    checkpoint.set("at", progress.checkpoint_at);
    checkpoint.set("epoch", progress.checkpoint_epoch);
    checkpoint.set("bytes", progress.checkpoint_bytes);
    out.set("checkpoint", std::move(checkpoint));
  }
  out.set("checkpointsWritten", progress.checkpoints_written);
  out.set("checkpointsFailed", progress.checkpoints_failed);
  json::Value warnings = json::Value::array();
  for (const auto& warning : progress.warnings) warnings.push_back(warning);
  out.set("warnings", std::move(warnings));
  if (!progress.swap_blocked_by.empty()) out.set("swapBlockedBy", progress.swap_blocked_by);
  return out;
}

base::Result<delivery::ProgressSnapshot> progress_from(const json::Value& value) {
  delivery::ProgressSnapshot progress;
  auto state = delivery::state_from(value.string_or("state"));
  if (!state) return std::move(state).error();
  progress.state = *state;
  if (const auto& stall = value["stall"]; stall.is_object()) {
    progress.stall = delivery::Stall{stall.string_or("reason"), stall.string_or("message"),
                                     stall.int_or("since"), stall.bool_or("lasting")};
  }
  progress.records_read = value.int_or("recordsRead");
  progress.records_total = value.int_or("recordsTotal");
  progress.bytes_read = value.int_or("bytesRead");
  progress.rows_loaded = value.int_or("rowsLoaded");
  progress.fill_started = value.int_or("fillStarted");
  progress.fill_completed = value.int_or("fillCompleted");
  progress.epoch = value.int_or("epoch");
  progress.epochs_committed = value.int_or("epochsCommitted");
  progress.records_live = value.int_or("recordsLive");
  progress.complete_through = value.int_or("completeThrough");
  progress.last_commit = value.int_or("lastCommit");
  progress.lag_records = value.int_or("lagRecords");
  progress.content.rows = value.int_or("rows");
  progress.content.sum = from_hex(value.string_or("checksum"));
  progress.published = value.bool_or("published");
  progress.verified_rows = value.int_or("verifiedRows", -1);
  progress.verified_checksum = from_hex(value.string_or("verifiedChecksum"));
  progress.verified_at = value.int_or("verifiedAt");
  auto offsets = targets::source_offsets_from_json(value["offsets"]);
  if (!offsets) return std::move(offsets).error();
  progress.offsets = *std::move(offsets);
  auto cut = targets::source_offsets_from_json(value["cut"]);
  if (!cut) return std::move(cut).error();
  progress.cut = *std::move(cut);
  progress.state_bytes = value.int_or("stateBytes");
  progress.skipped_nulls = value.int_or("skippedNulls");
  progress.null_event_times = value.int_or("nullEventTimes");
  progress.parked = value.int_or("parked");
  progress.parked_waiting = value.int_or("parkedWaiting");
  progress.retrying = value.int_or("retrying");
  progress.discarded = value.int_or("discarded");
  progress.error_rows = value.int_or("errorRows");
  progress.checkpoint_at = value["checkpoint"].int_or("at");
  progress.checkpoint_epoch = value["checkpoint"].int_or("epoch");
  progress.checkpoint_bytes = value["checkpoint"].int_or("bytes");
  progress.checkpoints_written = value.int_or("checkpointsWritten");
  progress.checkpoints_failed = value.int_or("checkpointsFailed");
  progress.keys_span_partitions = names_from(value["keysSpanPartitions"]);
  progress.keys_in_one_partition = names_from(value["keysInOnePartition"]);
  if (value["warnings"].is_array()) {
    for (const auto& warning : value["warnings"].as_array()) {
      if (warning.is_string()) progress.warnings.push_back(warning.as_string());
    }
  }
  progress.swap_blocked_by = value.string_or("swapBlockedBy");
  return progress;
}

}  // namespace

std::string status_text(const WorkerStatus& status) {
  json::Value out = json::Value::object();
  out.set("productUid", status.product_uid);
  out.set("namespace", status.product_namespace);
  out.set("product", status.product);
  out.set("revision", status.revision);
  out.set("incarnation", status.incarnation);
  out.set("jobHash", status.job_hash);
  out.set("pid", status.pid);
  out.set("started", status.started);
  out.set("written", status.written);
  out.set("exit", static_cast<int>(status.exit));
  out.set("exitReason", status.exit_reason);
  out.set("exitMessage", status.exit_message);
  out.set("progress", to_json(status.progress));
  return json::dump(out);
}

base::Result<WorkerStatus> parse_status(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return std::move(value).error().in("worker status");
  WorkerStatus status;
  status.product_uid = value->string_or("productUid");
  status.product_namespace = value->string_or("namespace");
  status.product = value->string_or("product");
  status.revision = static_cast<int>(value->int_or("revision"));
  status.incarnation = value->int_or("incarnation");
  status.job_hash = value->string_or("jobHash");
  status.pid = value->int_or("pid");
  status.started = value->int_or("started");
  status.written = value->int_or("written");
  status.exit = static_cast<Exit>(value->int_or("exit", -1));
  status.exit_reason = value->string_or("exitReason");
  status.exit_message = value->string_or("exitMessage");
  auto progress = progress_from((*value)["progress"]);
  if (!progress) return std::move(progress).error().in("worker status");
  status.progress = *std::move(progress);
  return status;
}

}  // namespace offtake::worker
