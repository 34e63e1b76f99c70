#include "operators/delivery/rebuild.h"

#include "base/log.h"
#include "operators/delivery/parked_records.h"
#include "operators/delivery/read_between.h"
#include "operators/engine/state_stream.h"

namespace offtake::delivery {
namespace {

// A step of rolling forward takes about what an epoch takes.
constexpr std::size_t kStepRecords = 50'000;
constexpr std::size_t kStepBytes = 32 << 20;

// A partition that was added later is in `until` alone: it began at its first record.
targets::SourceOffsets with_later_partitions(targets::SourceOffsets from,
                                             const targets::SourceOffsets& until) {
  for (const auto& [dataset, partitions] : until) {
    for (const auto& [partition, end] : partitions) from[dataset].try_emplace(partition, 0);
  }
  return from;
}

bool is_before(const targets::LedgerEntry& entry, const targets::SourceOffsets& offsets) {
  const auto mine = offsets.find(entry.dataset);
  if (mine == offsets.end()) return false;
  const auto at = mine->second.find(entry.partition);
  return at != mine->second.end() && entry.offset < at->second;
}

base::Error unusable(std::string why) {
  return base::terminal("CheckpointUnusable", std::move(why));
}

// Takes in the records from the checkpoint to the control row. What a step gives is counted, no more.
class RollForward {
 public:
  RollForward(engine::Dataflow& dataflow, const types::Checksum& content)
      : dataflow_(dataflow), content_(content) {}

  base::Status take(const InputBatch& batch) {
    if (batch.rows.rows.rows > 0) {
      if (auto pushed = dataflow_.push(batch.source, batch.rows); !pushed) return pushed;
    }
    records_ += batch.records;
    bytes_ += batch.bytes;
    return records_ < kStepRecords && bytes_ < kStepBytes ? base::Status() : step();
  }
  base::Status step() {
    records_ = bytes_ = 0;
    auto changes = dataflow_.step();
    if (!changes) return std::move(changes).error();
    content_.rows += changes->checksum.rows;
    content_.sum += changes->checksum.sum;
    return {};
  }
  const types::Checksum& content() const { return content_; }

 private:
  engine::Dataflow& dataflow_;
  types::Checksum content_;
  std::size_t records_ = 0, bytes_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<engine::Dataflow>> restore(
    const Pipeline& pipeline, const CheckpointStore& store, const CheckpointManifest& checkpoint,
    const targets::ControlRow& control, const targets::LedgerEntries& ledger, std::stop_token stop) {
  const targets::SourceOffsets from = with_later_partitions(checkpoint.offsets, control.offsets);
  base::log_info("restoring a checkpoint",
                 {{"checkpoint", checkpoint.name},
                  {"bytes", std::to_string(checkpoint.state_bytes)},
                  {"records_to_come", std::to_string(records_between(from, control.offsets))}});
  auto dataflow = make_dataflow(pipeline);
  if (!dataflow) return std::move(dataflow).error();
  auto file = store.open_state(checkpoint);
  if (!file) return unusable(file.error().message);
  engine::StateReader in([&] { return file->next(); }, pipeline.memory_bytes);
  if (auto restored = (*dataflow)->restore(in); !restored) {
    // A larger limit comes with another job; the checkpoint is good.
    if (restored.error().code == "MemoryExceeded") return std::move(restored).error();
    return unusable(restored.error().message);
  }
  RollForward forward(**dataflow, checkpoint.content);
  const Parking parking{ParkingMode::kAsOf, &ledger, 0};
  // What commands took in since, of records that the checkpoint's epoch was without.
  std::vector<targets::LedgerEntry> replayed;
  for (const auto& [id, entry] : ledger) {
    const bool later = entry.status == targets::LedgerEntry::Status::kReplayed &&
                       entry.epoch > checkpoint.epoch && is_before(entry, from);
    if (later) replayed.push_back(entry);
  }
  auto again = push_again(pipeline, replayed, **dataflow, stop);
  if (!again) return std::move(again).error();
  if (!replayed.empty()) {
    if (auto stepped = forward.step(); !stepped) return std::move(stepped).error();
  }
  if (from != control.offsets) {
    auto read = read_between(pipeline, from, control.offsets, parking, stop,
                             [&](const InputBatch& batch) { return forward.take(batch); });
    if (!read) return std::move(read).error();
    if (auto stepped = forward.step(); !stepped) return std::move(stepped).error();
  }
  if (!(forward.content() == control.content)) {
    return unusable(fmt::format(
        "rolled forward it gives {} rows (checksum {:016x}), the target holds {} "
        "(checksum {:016x})",
        forward.content().rows, forward.content().sum, control.content.rows, control.content.sum));
  }
  return *std::move(dataflow);
}

base::Result<std::unique_ptr<engine::Dataflow>> replay(const Pipeline& pipeline,
                                                       const targets::ControlRow& control,
                                                       const targets::LedgerEntries& ledger,
                                                       std::stop_token stop) {
  auto dataflow = make_dataflow(pipeline);
  if (!dataflow) return std::move(dataflow).error();
  base::log_info("rebuilding state by replay",
                 {{"records", std::to_string(records_between(control.start_offsets, control.offsets))}});
  const targets::SourceOffsets from = with_later_partitions(control.start_offsets, control.offsets);
  const auto on_batch = [&](const InputBatch& batch) -> base::Status {
    if (batch.rows.rows.rows == 0) return {};
    return (*dataflow)->push(batch.source, batch.rows);
  };
  auto read = read_between(pipeline, from, control.offsets, {ParkingMode::kAsOf, &ledger, 0}, stop, on_batch);
  if (!read) return std::move(read).error();
  types::Checksum content;
  auto finished = (*dataflow)->finish_bulk([&](engine::Changes&& rows) -> base::Status {
    content.rows += rows.checksum.rows;
    content.sum += rows.checksum.sum;
    return {};
  });
  if (!finished) return std::move(finished).error();
  if (!(content == control.content)) {
    return base::terminal("StateLost",
                          fmt::format("replaying the sources gives {} rows (checksum {:016x}), the "
                                      "target holds {} (checksum {:016x}): they changed meanwhile",
                                      content.rows, content.sum, control.content.rows, control.content.sum));
  }
  return *std::move(dataflow);
}

}  // namespace offtake::delivery
