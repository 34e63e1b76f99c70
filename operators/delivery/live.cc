#include "operators/delivery/live.h"

#include "base/log.h"
#include "operators/delivery/completeness.h"
#include "operators/delivery/inputs.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

// An epoch closes at the first of these.
constexpr auto kEpochWait = 50ms;
constexpr std::size_t kEpochRecords = 50'000;
constexpr std::size_t kEpochBytes = 32 << 20;

constexpr auto kEmptyEpochEvery = 30s;  // offsets and logical time are committed at least that often
constexpr auto kMovedEpochAfter = 1s;   // positions moved without rows (aborted transactions, skipped nulls)
constexpr auto kSwapEvery = 500ms;
constexpr base::Micros kClockJump = 3'600'000'000;

class Live {
 public:
  Live(const Pipeline& pipeline, LiveStart start, std::stop_token stop)
      : pipeline_(pipeline),
        stop_(stop),
        control_(std::move(start.control)),
        dataflow_(std::move(start.dataflow)),
        goal_(std::move(start.first_epoch_goal)),
        completeness_(control_.logical_time),
        wall_start_(pipeline.clock->now()),
        steady_start_(pipeline.clock->steady()),
        live_from_(wall_start_) {}

  base::Error run() {
    if (!dataflow_) {
      if (auto made = make_stateless(); !made) return std::move(made).error();
    }
    committed_at_ = pipeline_.clock->steady();
    report(State::kCatchingUp);
    if (auto swapped = try_swap(true); !swapped) return std::move(swapped).error();
    auto inputs = Inputs::start(pipeline_, control_.offsets, {});
    if (!inputs) return std::move(inputs).error();
    for (;;) {
      if (auto gathered = gather(**inputs); !gathered) return std::move(gathered).error();
      if (auto done = finish_epoch(); !done) return std::move(done).error();
      if (stop_.stop_requested()) return drained();
      if (auto same = check_clock(); !same) return std::move(same).error();
      if (auto swapped = try_swap(false); !swapped) return std::move(swapped).error();
      report_progress();
    }
  }

 private:
  base::Status make_stateless() {
    auto dataflow = make_dataflow(pipeline_);
    if (!dataflow) return std::move(dataflow).error();
    dataflow_ = *std::move(dataflow);
    return dataflow_->finish_bulk([](engine::Changes&&) -> base::Status { return {}; });
  }

  // Waits for input and takes it into the dataflow until the epoch closes.
  base::Status gather(Inputs& inputs) {
    std::size_t records = 0, bytes = 0;
    SteadyTime deadline = pipeline_.clock->steady() + 200ms;
    while (!stop_.stop_requested()) {
      auto event = inputs.next(deadline);
      if (!event) {
        if (goal_.empty() || at_or_past(control_.offsets, goal_)) break;
        deadline = pipeline_.clock->steady() + kEpochWait;
        continue;
      }
      if (auto* error = std::get_if<base::Error>(&*event)) return std::move(*error);
      if (auto* ends = std::get_if<EndsObserved>(&*event)) {
        completeness_.observe(ends->at, std::move(ends->ends));
        continue;
      }
      const auto* batch = std::get_if<InputBatch>(&*event);
      if (batch == nullptr) continue;
      if (auto taken = take(*batch); !taken) return taken;
      if (records == 0 && batch->records > 0) deadline = pipeline_.clock->steady() + kEpochWait;
      records += batch->records;
      bytes += batch->bytes;
      const bool full = records >= kEpochRecords || bytes >= kEpochBytes;
      if (full && (goal_.empty() || at_or_past(control_.offsets, goal_))) break;
    }
    records_ += static_cast<std::int64_t>(records);
    has_rows_ = has_rows_ || records > 0;
    return {};
  }

  base::Status take(const InputBatch& batch) {
    if (batch.rows.rows.rows > 0) {
      if (auto pushed = dataflow_->push(batch.source, batch.rows); !pushed) return pushed;
    }
    advance(control_.offsets, control_.last_records,
            pipeline_.sources[static_cast<std::size_t>(batch.source)], batch);
    skipped_nulls_ += static_cast<std::int64_t>(batch.skipped_nulls);
    null_event_times_ += static_cast<std::int64_t>(batch.null_event_times);
    moved_ = true;
    return {};
  }

  base::Status finish_epoch() {
    const auto since = pipeline_.clock->steady() - committed_at_;
    if (!has_rows_ && !(moved_ && since >= kMovedEpochAfter) && since < kEmptyEpochEvery) {
      completeness_.reached(committed_offsets_.empty() ? control_.offsets : committed_offsets_);
      return {};
    }
    targets::EpochCommit epoch;
    if (has_rows_) {
      auto changes = dataflow_->step();
      if (!changes) return std::move(changes).error();
      if (auto good = check_rows(*dataflow_); !good) return good;
      epoch.changes = *std::move(changes);
    }
    control_.content.rows += epoch.changes.checksum.rows;
    control_.content.sum += epoch.changes.checksum.sum;
    control_.logical_time = std::max(control_.logical_time, completeness_.reached(control_.offsets));
    epoch.last_epoch = control_.epoch;
    epoch.offsets = control_.offsets;
    epoch.last_records = control_.last_records;
    epoch.logical_time = control_.logical_time;
    epoch.content = control_.content;
    if (auto committed = pipeline_.target->commit(epoch); !committed) return committed;
    ++control_.epoch;
    ++epochs_;
    goal_.clear();
    has_rows_ = moved_ = false;
    committed_offsets_ = control_.offsets;
    committed_at_ = pipeline_.clock->steady();
    return {};
  }

  // Publishes this revision when it is not published yet. The first try is made before anything is read:
  // where no earlier revision is live there is nothing to catch up with.
  base::Status try_swap(bool first) {
    if (control_.phase == targets::Phase::kCurrent) {
      if (first) pipeline_.progress->update([](ProgressSnapshot& s) { s.published = true; });
      return {};
    }
    const SteadyTime now = pipeline_.clock->steady();
    if (!first && now < swap_after_) return {};
    swap_after_ = now + kSwapEvery;
    auto result = pipeline_.target->swap();
    if (!result) {
      // A lock that was not had in time is tried again while the earlier revision stays live.
      if (result.error().retry == base::Retry::kTransient && result.error().code == "SwapBlocked") {
        pipeline_.progress->warn_once(result.error().text());
        return {};
      }
      return std::move(result).error();
    }
    if (!result->swapped) {
      if (!result->blocked_by.empty())
        pipeline_.progress->warn_once("the swap waits for " + result->blocked_by);
      return {};
    }
    control_.phase = targets::Phase::kCurrent;
    control_.epoch = result->epoch;
    live_from_ = pipeline_.clock->now();
    base::log_info("published", {{"epoch", std::to_string(control_.epoch)}});
    pipeline_.progress->update([](ProgressSnapshot& s) { s.published = true; });
    return {};
  }

  // Deadlines and completeThrough both trust the clocks to run alike.
  base::Status check_clock() {
    const auto wall = pipeline_.clock->now() - wall_start_;
    const auto steady =
        std::chrono::duration_cast<std::chrono::microseconds>(pipeline_.clock->steady() - steady_start_)
            .count();
    if (std::abs(wall - steady) < kClockJump) return {};
    return base::terminal("ClockJump", fmt::format("the wall clock moved by {} s against the monotonic clock",
                                                   (wall - steady) / 1'000'000));
  }

  void report(State state) { pipeline_.progress->set_state(state); }

  void report_progress() {
    const bool live =
        control_.phase == targets::Phase::kCurrent && completeness_.complete_through() >= live_from_;
    pipeline_.progress->update([&](ProgressSnapshot& s) {
      s.state = live ? State::kLive : State::kCatchingUp;
      s.stall.reset();
      s.epoch = control_.epoch;
      s.epochs_committed = epochs_;
      s.records_live = records_;
      s.complete_through = completeness_.complete_through();
      s.last_commit = pipeline_.clock->now() - std::chrono::duration_cast<std::chrono::microseconds>(
                                                   pipeline_.clock->steady() - committed_at_)
                                                   .count();
      s.lag_records = completeness_.lag_records(control_.offsets);
      s.content = control_.content;
      s.offsets = control_.offsets;
      s.state_bytes = static_cast<std::int64_t>(dataflow_->state_bytes());
      s.skipped_nulls = skipped_nulls_;
      s.null_event_times = null_event_times_;
    });
    report_key_spans(pipeline_, *dataflow_);
  }

  const Pipeline& pipeline_;
  std::stop_token stop_;
  targets::ControlRow control_;  // offsets run ahead of what is committed while an epoch gathers
  std::unique_ptr<engine::Dataflow> dataflow_;
  targets::SourceOffsets goal_;
  targets::SourceOffsets committed_offsets_;
  Completeness completeness_;
  const base::Micros wall_start_;
  const SteadyTime steady_start_;
  base::Micros live_from_;
  SteadyTime committed_at_{}, swap_after_{};
  bool has_rows_ = false, moved_ = false;
  std::int64_t epochs_ = 0, records_ = 0, skipped_nulls_ = 0, null_event_times_ = 0;
};

}  // namespace

base::Error run_live(const Pipeline& pipeline, LiveStart start, std::stop_token stop) {
  return Live(pipeline, std::move(start), stop).run();
}

}  // namespace offtake::delivery
