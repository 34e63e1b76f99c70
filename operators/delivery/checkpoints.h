// The checkpoints of one worker: when they are written, and what becomes of those there are. They only make a
// restart faster, or over compacted topics possible without a refill: where none can be written (a full
// disk), that is logged and counted, and the product goes on.
//
// One thread, the attempt's. A thread of its own makes a checkpoint durable, once the state has been handed
// to the system: that takes the longest and needs nothing of the state.
#pragma once
#include <atomic>
#include <optional>
#include <thread>

#include "operators/delivery/checkpoint_store.h"
#include "operators/delivery/pipeline.h"
#include "operators/delivery/recovery.h"

namespace offtake::delivery {

class Checkpoints {
 public:
  struct Of {  // whose they are
    std::string product_uid, fingerprint, owner;
    int revision = 0;
    std::int64_t incarnation = 0;
  };
  // REQUIRES: progress and clock outlive this.
  Checkpoints(files::Path directory, Of of, Progress& progress, const base::Clock& clock);
  ~Checkpoints();

  // Before the control row is taken over: notes who had it, so that his checkpoints are known afterwards.
  void before_takeover(const targets::ControlRow& found);
  base::Result<CheckpointsFound> find();
  // Throws one away, and says why.
  base::Status reject(const RecoveryDecision::Rejected& rejected);
  // The state is the one of this checkpoint, rolled forward to `control`: where that took reading, another is
  // due at once.
  void restored(const CheckpointManifest& checkpoint, const targets::ControlRow& control);
  const CheckpointStore& store() const { return store_; }

  // The state is that of `control` at the offsets `committed`, nothing is under way: writes a checkpoint when
  // one is due. The first is due at once; after that they keep their distance, and to a small part of the
  // time.
  void committed(const targets::ControlRow& control, const targets::SourceOffsets& committed,
                 const engine::Dataflow& dataflow);
  // The same before the worker ends: whatever is new is written, unless that takes too long for a drain.
  void last(const targets::ControlRow& control, const targets::SourceOffsets& committed,
            const engine::Dataflow& dataflow);

  // Until the one that is under way is durable, or has failed.
  void wait() {
    if (finishing_.joinable()) finishing_.join();
  }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  void write(const targets::ControlRow& control, const targets::SourceOffsets& committed,
             const engine::Dataflow& dataflow);
  base::Result<CheckpointStore::Draft> write_state(CheckpointManifest manifest,
                                                   const engine::Dataflow& dataflow);
  void note(const CheckpointManifest& checkpoint);
  void finish(CheckpointStore::Draft draft, SteadyTime began);
  void failed(const base::Error& error);

  const CheckpointStore store_;
  const files::Path directory_;
  const Of of_;
  Progress& progress_;
  const base::Clock& clock_;
  // While busy_ these are the finishing thread's.
  std::optional<targets::SourceOffsets> written_offsets_;
  SteadyTime due_{};
  std::chrono::steady_clock::duration took_{}, waited_{};
  std::atomic<bool> busy_ = false;
  std::jthread finishing_;  // last: it uses everything above
};

}  // namespace offtake::delivery
