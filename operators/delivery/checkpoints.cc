#include "operators/delivery/checkpoints.h"

#include "base/log.h"
#include "operators/engine/state_stream.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;

// At least so far apart; of the time no more than one part in kPartOfTime is spent writing, and one in
// kPartWaited waited for by epochs, so that what they take at the 99th percentile does not show it.
constexpr auto kDistance = 30s;
constexpr int kPartOfTime = 20;
constexpr int kPartWaited = 200;
constexpr auto kAfterFailure = 60s;
constexpr auto kDrainTakes = 5s;  // runners wait ten
// What others on the same disk need more than a checkpoint.
constexpr std::uint64_t kLeaveFree = 64 << 20;

}  // namespace

Checkpoints::Checkpoints(files::Path directory, Of of, Progress& progress, const base::Clock& clock)
    : store_(directory),
      directory_(std::move(directory)),
      of_(std::move(of)),
      progress_(progress),
      clock_(clock) {}

Checkpoints::~Checkpoints() = default;

void Checkpoints::before_takeover(const targets::ControlRow& found) {
  if (found.owner == of_.owner) return;
  auto history = store_.owners();
  auto noted = history ? base::Status() : base::Status(std::move(history).error());
  if (noted) {
    history->push_back({of_.owner, found.owner, found.epoch});
    noted = store_.store_owners(*std::move(history));
  }
  // Checkpoints of earlier owners cannot be used then; nothing else depends on it.
  if (!noted) base::log_warn("cannot note the owner for checkpoints", {{"error", noted.error().text()}});
}

base::Result<CheckpointsFound> Checkpoints::find() {
  CheckpointsFound out;
  out.me = of_.owner;
  auto manifests = store_.list();
  if (!manifests) return std::move(manifests).error();
  out.manifests = *std::move(manifests);
  auto owners = store_.owners();
  if (!owners) return std::move(owners).error();
  out.owners = *std::move(owners);
  return out;
}

base::Status Checkpoints::reject(const RecoveryDecision::Rejected& rejected) {
  base::log_warn("checkpoint thrown away", {{"checkpoint", rejected.name}, {"why", rejected.why}});
  return store_.remove(rejected.name);
}

void Checkpoints::restored(const CheckpointManifest& checkpoint, const targets::ControlRow& control) {
  if (checkpoint.offsets == control.offsets) due_ = clock_.steady() + kDistance;
  note(checkpoint);
}

// The last one there is.
void Checkpoints::note(const CheckpointManifest& checkpoint) {
  written_offsets_ = checkpoint.offsets;
  progress_.update([&](ProgressSnapshot& s) {
    s.checkpoint_at = checkpoint.written_at;
    s.checkpoint_epoch = checkpoint.epoch;
    s.checkpoint_bytes = static_cast<std::int64_t>(checkpoint.state_bytes);
  });
}

void Checkpoints::committed(const targets::ControlRow& control, const targets::SourceOffsets& committed,
                            const engine::Dataflow& dataflow) {
  if (busy_.load(std::memory_order_acquire) || clock_.steady() < due_ || written_offsets_ == committed)
    return;
  write(control, committed, dataflow);
}

void Checkpoints::last(const targets::ControlRow& control, const targets::SourceOffsets& committed,
                       const engine::Dataflow& dataflow) {
  wait();
  if (took_ > kDrainTakes || written_offsets_ == committed) return;
  write(control, committed, dataflow);
  wait();
}

void Checkpoints::write(const targets::ControlRow& control, const targets::SourceOffsets& committed,
                        const engine::Dataflow& dataflow) {
  const SteadyTime began = clock_.steady();
  CheckpointManifest manifest;
  manifest.state_format = engine::kStateFormat;
  manifest.product_uid = of_.product_uid;
  manifest.revision = of_.revision;
  manifest.fingerprint = of_.fingerprint;
  manifest.incarnation = of_.incarnation;
  manifest.owner = of_.owner;
  manifest.epoch = control.epoch;
  manifest.offsets = committed;
  manifest.logical_time = control.logical_time;
  manifest.content = control.content;
  manifest.written_at = clock_.now();
  auto draft = write_state(std::move(manifest), dataflow);
  if (!draft) return failed(draft.error());
  waited_ = clock_.steady() - began;
  wait();
  busy_.store(true, std::memory_order_relaxed);
  finishing_ =
      std::jthread([this, began, draft = *std::move(draft), outer = base::LogScope::current()]() mutable {
        const base::LogScope scope(outer);
        try {
          finish(std::move(draft), began);
        } catch (const std::exception& bug) {
          failed(base::internal(bug.what()));
        }
        busy_.store(false, std::memory_order_release);
      });
}

base::Result<CheckpointStore::Draft> Checkpoints::write_state(CheckpointManifest manifest,
                                                              const engine::Dataflow& dataflow) {
  auto draft = store_.begin(std::move(manifest));
  if (!draft) return draft;
  auto free = files::free_disk_bytes(directory_);
  base::Status written;
  if (!free) {
    written = std::move(free).error();
  } else if (*free < dataflow.state_bytes() + kLeaveFree) {
    written = base::transient("DiskFull", fmt::format("{} MiB are free, the state takes {} MiB", *free >> 20,
                                                      dataflow.state_bytes() >> 20));
  } else {
    engine::StateWriter out([&](std::string_view block) { return draft->state.append(block); });
    written = dataflow.save(out);
  }
  if (written) return draft;
  store_.abandon(*draft);
  return std::move(written).error();
}

void Checkpoints::finish(CheckpointStore::Draft draft, SteadyTime began) {
  auto written = store_.finish(std::move(draft));
  if (!written) return failed(written.error());
  took_ = clock_.steady() - began;
  due_ = clock_.steady() + std::max<std::chrono::steady_clock::duration>(
                               {kDistance, took_ * (kPartOfTime - 1), waited_ * (kPartWaited - 1)});
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took_).count();
  base::log_info("checkpoint written", {{"checkpoint", written->name},
                                        {"epoch", std::to_string(written->epoch)},
                                        {"bytes", std::to_string(written->state_bytes)},
                                        {"took_ms", std::to_string(ms)}});
  note(*written);
  progress_.update([](ProgressSnapshot& s) { ++s.checkpoints_written; });
}

void Checkpoints::failed(const base::Error& error) {
  due_ = clock_.steady() + kAfterFailure;
  base::log_warn("no checkpoint written", {{"reason", error.code}, {"error", error.text()}});
  progress_.update([](ProgressSnapshot& s) { ++s.checkpoints_failed; });
}

}  // namespace offtake::delivery
