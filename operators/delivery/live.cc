#include "operators/delivery/live.h"

#include "base/log.h"
#include "operators/delivery/checkpoints.h"
#include "operators/delivery/clock_watch.h"
#include "operators/delivery/completeness.h"
#include "operators/delivery/inputs.h"
#include "operators/delivery/ledger_clerk.h"
#include "operators/delivery/ledger_commands.h"
#include "operators/delivery/merge_changes.h"
#include "operators/delivery/parked_records.h"
#include "operators/delivery/read_between.h"
#include "operators/delivery/retry.h"
#include "operators/delivery/swap_attempts.h"
#include "operators/delivery/tombstones.h"
#include "operators/delivery/troubles.h"

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

// Keys of Troubles.
constexpr const char* kTarget = "target";
constexpr const char* kTending = "tending";
constexpr const char* kRows = "rows";

class Live {
 public:
  Live(const Pipeline& pipeline, LiveStart start, std::stop_token stop)
      : pipeline_(pipeline),
        stop_(stop),
        control_(std::move(start.control)),
        dataflow_(std::move(start.dataflow)),
        clerk_(pipeline, std::move(start.ledger)),
        book_(clerk_.book()),
        completeness_(control_.logical_time),
        troubles_(*pipeline.progress, *pipeline.clock),
        swaps_(pipeline, troubles_),
        clocks_(*pipeline.clock, pipeline.since_boot),
        live_from_(pipeline.clock->now()) {}

  base::Error run() {
    if (!dataflow_) {
      if (auto made = make_stateless(); !made) return std::move(made).error();
    }
    committed_at_ = pipeline_.clock->steady();
    committed_offsets_ = control_.offsets;
    pipeline_.progress->set_state(State::kCatchingUp);
    // A receiver may take a message's whole deadline to answer.
    std::optional<std::stop_callback<std::function<void()>>> interrupts;
    if (pipeline_.traits.pushed) interrupts.emplace(stop_, [this] { pipeline_.target->interrupt(); });
    clerk_.show();
    clerk_.look_at_outputs(true);
    if (auto done = finish_intent(); !done) return std::move(done).error();
    if (auto swapped = try_swap(true); !swapped) return std::move(swapped).error();
    checkpoint();
    const LedgerDesk::Open open(pipeline_.desk);
    for (;;) {
      if (auto done = wait_for_clock(); !done) return std::move(done).error();
      if (auto gathered = hold_ ? wait() : gather(); !gathered) return std::move(gathered).error();
      if (auto done = finish_epoch(); !done) return std::move(done).error();
      checkpoint();
      if (stop_.stop_requested()) return drained();
      if (auto tended = tend(); !tended) return std::move(tended).error();
      const auto carry_out = [this](const auto& command) { return carry_out_command(command); };
      if (auto served = clerk_.serve(carry_out, stop_); !served) return std::move(served).error();
      if (auto seen = check_tombstones(); !seen) return std::move(seen).error();
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

  // Calls `call` until it succeeds or fails with what does not pass by itself; Drained on `stop`.
  template <class Call>
  base::Status patiently(const char* what, const Call& call) {
    RetryPause pause;
    for (;;) {
      base::Status done = call();
      if (done) {
        troubles_.clear(what);
        return {};
      }
      if (!passes_by_itself(done.error())) return done;
      base::log_debug("waiting", {{"for", what}, {"error", done.error().text()}});
      troubles_.set(what, done.error());
      troubles_.show();
      const auto until = pipeline_.clock->steady() + pause.next();
      // Short steps: what is shown depends on how long it has lasted.
      while (pipeline_.clock->steady() < until) {
        if (!sleep_for(200ms, stop_)) return drained();
        troubles_.show();
        if (auto served = serve_meanwhile(what); !served) return served;
      }
    }
  }

  // A target that takes no more until some of what it did not take is put right has to be told of it.
  base::Status serve_meanwhile(std::string_view what) {
    if (what != kTarget || !pipeline_.traits.pushed) return {};
    clerk_.look_at_outputs();
    return clerk_.serve_outputs(stop_);
  }

  base::Status open_inputs() {
    return patiently("sources", [&]() -> base::Status {
      auto patience = tombstone_patience(pipeline_);
      if (!patience) return std::move(patience).error();
      tombstone_patience_ = *std::move(patience);
      auto started = Inputs::start(pipeline_, control_.offsets, {}, parking_of(pipeline_, book_.entries()),
                                   control_.last_records);
      if (!started) return std::move(started).error();
      inputs_ = *std::move(started);
      return {};
    });
  }

  // Instead of reading.
  base::Status wait() {
    sleep_for(200ms, stop_);
    return {};
  }

  // Waits for input and takes it into the dataflow until the epoch closes.
  base::Status gather() {
    if (!inputs_) {
      if (auto opened = open_inputs(); !opened) return opened;
    }
    std::size_t records = 0, bytes = 0;
    SteadyTime deadline = pipeline_.clock->steady() + 200ms;
    while (!stop_.stop_requested()) {
      auto event = inputs_->next(deadline);
      if (!event) break;
      if (auto* error = std::get_if<base::Error>(&*event)) return std::move(*error);
      if (auto* trouble = std::get_if<SourceTrouble>(&*event)) {
        take(*trouble);
        continue;
      }
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
      if (records >= kEpochRecords || bytes >= kEpochBytes) break;
    }
    records_ += static_cast<std::int64_t>(records);
    has_rows_ = has_rows_ || records > 0;
    return {};
  }

  static std::string trouble_of(const Source& source) { return "source " + source.dataset; }

  // Whatever was read ahead is read again, and what was in its way is said again.
  void close_inputs() {
    inputs_.reset();
    for (const Source& source : pipeline_.sources) troubles_.clear(trouble_of(source));
  }

  void take(const SourceTrouble& trouble) {
    const std::string what = trouble_of(pipeline_.sources[static_cast<std::size_t>(trouble.source)]);
    if (trouble.error) {
      troubles_.set(what, *trouble.error);
    } else {
      troubles_.clear(what);
    }
  }

  base::Status take(const InputBatch& batch) {
    if (batch.rows.rows.rows > 0) {
      if (auto pushed = dataflow_->push(batch.source, batch.rows); !pushed) return pushed;
    }
    const Source& source = pipeline_.sources[static_cast<std::size_t>(batch.source)];
    advance(control_.offsets, control_.last_records, source, batch);
    book_.take(source.dataset, batch.parked, control_.epoch + 1, pipeline_.clock->now());
    skipped_nulls_ += static_cast<std::int64_t>(batch.skipped_nulls);
    null_event_times_ += static_cast<std::int64_t>(batch.null_event_times);
    moved_ = true;
    return {};
  }

  base::Status finish_epoch() {
    const auto since = pipeline_.clock->steady() - committed_at_;
    if (!has_rows_ && !rows_in_error_ && !book_.changed() && !(moved_ && since >= kMovedEpochAfter) &&
        since < kEmptyEpochEvery) {
      completeness_.reached(committed_offsets_);
      return {};
    }
    if (auto stepped = step(); !stepped || rows_in_error_) return stepped;
    return commit_epoch(completeness_.reached(control_.offsets));
  }

  // What was stepped, at control_'s offsets.
  base::Status commit_epoch(base::Micros logical_time,
                            const targets::LedgerChanges* intent_ledger = nullptr) {
    targets::EpochCommit epoch;
    epoch.changes = std::move(changes_);
    changes_ = {};
    control_.content.rows += epoch.changes.checksum.rows;
    control_.content.sum += epoch.changes.checksum.sum;
    control_.logical_time = std::max(control_.logical_time, logical_time);
    epoch.last_epoch = control_.epoch;
    epoch.offsets = control_.offsets;
    epoch.last_records = control_.last_records;
    epoch.logical_time = control_.logical_time;
    epoch.content = control_.content;
    book_.forget_replayed();
    epoch.ledger = intent_ledger ? *intent_ledger : book_.changes();
    // Repeating a commit whose outcome is not known is the target's: its control row tells.
    auto committed = patiently(kTarget, [&] { return pipeline_.target->commit(epoch); });
    if (!committed) return committed;
    ++control_.epoch;
    ++epochs_;
    moved_ = false;
    committed_offsets_ = control_.offsets;
    committed_at_ = pipeline_.clock->steady();
    if (!epoch.ledger.empty()) clerk_.show();
    book_.committed();
    clerk_.look_at_outputs(!pipeline_.traits.pushed);
    return {};
  }

  base::Result<targets::LedgerOutcome> carry_out_command(const targets::LedgerCommand& command) {
    if (rows_in_error_ || hold_) {
      return base::transient("LedgerBusy", rows_in_error_ ? "rows are in error: their epoch stays open until "
                                                            "they are corrected; nothing was done"
                                                          : "the revision is being published; try again");
    }
    // Opened again by what is known afterwards.
    close_inputs();
    auto result = carry_out(pipeline_, command, book_, *dataflow_, control_.epoch + 1, stop_);
    if (!result) return std::move(result).error();
    has_rows_ = has_rows_ || result->pushed;
    if (auto stepped = step(); !stepped) return std::move(stepped).error();
    if (rows_in_error_) {
      result->outcome.notes.push_back("rows are in error now: it is committed with what corrects them");
      return std::move(result->outcome);
    }
    if (!book_.changed()) return std::move(result->outcome);
    auto committed = commit_epoch(completeness_.reached(control_.offsets));
    if (!committed) return std::move(committed).error();
    base::log_info("a command to the ledger was carried out",
                   {{"replayed", std::to_string(result->outcome.replayed)},
                    {"discarded", std::to_string(result->outcome.discarded)},
                    {"still_parked", std::to_string(result->outcome.still_parked)}});
    return std::move(result->outcome);
  }

  // Reads to exactly these offsets and runs what came. Whatever was read ahead is read again.
  base::Status advance_to(const targets::SourceOffsets& goal, const Parking& parking) {
    close_inputs();
    std::optional<Span> span;
    auto asked = patiently("sources", [&]() -> base::Status {
      auto between = span_to(pipeline_, control_.offsets, goal);
      if (!between) return std::move(between).error();
      span = *std::move(between);
      return {};
    });
    if (!asked) return asked;
    const auto read =
        read_between(pipeline_, span->from, span->until, parking, stop_, [&](const InputBatch& batch) {
          has_rows_ = has_rows_ || batch.records > 0;
          records_ += static_cast<std::int64_t>(batch.records);
          return take(batch);
        });
    if (!read) return read;
    control_.offsets = span->until;
    return step();
  }

  // What a worker before this one began to write: the same epoch once more, before anything else.
  base::Status finish_intent() {
    if (!control_.intent) return {};
    const targets::Intent intent = *control_.intent;
    base::log_info("committing an epoch that was begun", {{"epoch", std::to_string(intent.epoch)}});
    // What it parked, and what a command took in with it.
    std::vector<targets::LedgerEntry> replayed;
    for (const auto& entry : intent.ledger.put) {
      book_.put(entry);
      const bool with_it =
          entry.status == targets::LedgerEntry::Status::kReplayed && entry.epoch == intent.epoch;
      if (with_it) replayed.push_back(entry);
    }
    for (const auto& id : intent.ledger.remove) book_.remove(id);
    if (auto again = push_again(pipeline_, replayed, *dataflow_, stop_); !again) return again;
    has_rows_ = !replayed.empty();
    auto there = advance_to(intent.offsets, {ParkingMode::kAsOf, &book_.entries(), 0});
    if (!there) return there;
    types::Checksum content = control_.content;
    content.rows += changes_.checksum.rows;
    content.sum += changes_.checksum.sum;
    if (rows_in_error_ || !(content == intent.content) || control_.epoch + 1 != intent.epoch) {
      return base::terminal(
          "StateLost",
          fmt::format("epoch {} was begun with {} rows (checksum {:016x}), its records now give {} (checksum "
                      "{:016x}): they changed meanwhile",
                      intent.epoch, intent.content.rows, intent.content.sum, content.rows, content.sum));
    }
    control_.offsets = intent.offsets;
    control_.last_records = intent.last_records;
    if (auto committed = commit_epoch(intent.logical_time, &intent.ledger); !committed) return committed;
    control_.intent.reset();
    return {};
  }

  // What the target does between epochs. What keeps it from that keeps nothing else.
  base::Status tend() {
    auto tended = pipeline_.target->tend();
    clerk_.look_at_outputs();
    if (tended) {
      troubles_.clear(kTending);
      return {};
    }
    if (loses_target(tended.error())) return tended;
    troubles_.set(kTending, tended.error());
    return {};
  }

  // The earlier revision stands still. So does this one once it is there, until it has taken its place.
  base::Status reach(const targets::SwapResult& result) {
    base::log_info("reading to where the previous revision stands");
    auto there = advance_to(result.reach, parking_of(pipeline_, book_.entries()));
    if (!there || rows_in_error_) return there;
    const base::Micros time = std::max(result.reach_time, completeness_.reached(control_.offsets));
    if (auto committed = commit_epoch(time); !committed) return committed;
    hold_ = true;
    swaps_.do_not_wait();
    return {};
  }

  // REQUIRES: nothing was pushed since the last step. While rows are in error the state holds what is not
  // committed.
  void checkpoint() {
    if (pipeline_.checkpoints == nullptr || rows_in_error_) return;
    if (stop_.stop_requested()) {
      pipeline_.checkpoints->last(control_, committed_offsets_, *dataflow_);
    } else {
      pipeline_.checkpoints->committed(control_, committed_offsets_, *dataflow_);
    }
  }

  // Runs what was pushed. While rows are in error their epoch stays open: nothing is committed, later input
  // joins it.
  base::Status step() {
    if (!has_rows_) return {};
    has_rows_ = false;
    auto changes = dataflow_->step();
    if (!changes) return std::move(changes).error();
    changes_ = rows_in_error_
                   ? merge_changes(std::move(changes_), *std::move(changes), pipeline_.plan->identity)
                   : *std::move(changes);
    auto good = pipeline_.parks ? book_.take_errors(*dataflow_, pipeline_.stateless, control_.epoch + 1,
                                                    pipeline_.clock->now())
                                : check_rows(*dataflow_);
    rows_in_error_ = !good.ok();
    if (good) {
      troubles_.clear(kRows);
      return {};
    }
    if (good.error().retry != base::Retry::kRow) return good;
    troubles_.set(kRows, good.error());
    const std::size_t open = changes_.upserts.bytes() + changes_.deletes.bytes() + changes_.old_rows.bytes();
    if (pipeline_.memory_bytes != 0 && dataflow_->state_bytes() + open > pipeline_.memory_bytes) {
      return base::transient(
                 "MemoryExceeded",
                 fmt::format("what came since a row is in error needs {} MiB beside the state of {} "
                             "MiB, the limit is {} MiB; the row: {}",
                             open >> 20, dataflow_->state_bytes() >> 20, pipeline_.memory_bytes >> 20,
                             good.error().message))
          .with_hint(good.error().hint);
    }
    return {};
  }

  // Publishes this revision when it is not published yet. The first try is made before anything is read:
  // where no earlier revision is live there is nothing to catch up with. Until it succeeds the earlier
  // revision stays live, so whatever keeps it from succeeding is only noted.
  base::Status try_swap(bool first) {
    if (control_.phase == targets::Phase::kCurrent) {
      if (first) pipeline_.progress->update([](ProgressSnapshot& s) { s.published = true; });
      return {};
    }
    auto attempt = swaps_.next(first);
    if (!attempt) return std::move(attempt).error();
    if (!attempt->has_value()) return {};
    const targets::SwapResult& result = **attempt;
    hold_ = result.hold && !result.swapped;
    if (hold_) close_inputs();
    if (!result.swapped) {
      // It can be nowhere exactly until rows in error are put right.
      if (result.reach.empty() || rows_in_error_) return {};
      if (auto reached = reach(result); !reached) return reached;
      return hold_ ? try_swap(false) : base::Status();
    }
    control_.phase = targets::Phase::kCurrent;
    control_.epoch = result.epoch;
    live_from_ = pipeline_.clock->now();
    base::log_info("published", {{"epoch", std::to_string(control_.epoch)}});
    pipeline_.progress->update([](ProgressSnapshot& s) { s.published = true; });
    return {};
  }

  // Shown at once, and for as long as the clock is off: set back it goes on, and so does a new start.
  base::Status wait_for_clock() {
    while (auto jumped = clocks_.jumped()) {
      pipeline_.progress->stall(*jumped, pipeline_.clock->now());
      if (!sleep_for(1s, stop_)) return drained();
    }
    return {};
  }

  // Deletions that were not read for too long may be gone from a compacted topic.
  base::Status check_tombstones() {
    if (rows_in_error_) return {};  // it reads on, only nothing is committed
    const base::Micros behind = pipeline_.clock->now() - completeness_.complete_through();
    for (const auto& [dataset, patience] : tombstone_patience_) {
      if (behind <= patience) continue;
      return base::terminal("TombstonesMayBeMissed",
                            fmt::format("{} was not read for {}, longer than its topic keeps deletions",
                                        dataset, base::format_duration(behind)));
    }
    return {};
  }

  void report_progress() {
    const bool caught_up = completeness_.complete_through() >= live_from_;
    const bool live = control_.phase == targets::Phase::kCurrent && caught_up;
    const bool stalled = troubles_.show();
    // A stall of an earlier attempt has been passed once something was committed or all was read.
    if (!stalled && (epochs_ > 0 || caught_up)) pipeline_.progress->clear_stall();
    pipeline_.progress->update([&](ProgressSnapshot& s) {
      s.state = s.stall ? State::kStalled : live ? State::kLive : State::kCatchingUp;
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
  std::unique_ptr<Inputs> inputs_;  // absent: to be opened at control_.offsets
  LedgerClerk clerk_;
  LedgerBook& book_;         // with what the open epoch changes
  engine::Changes changes_;  // of the open epoch
  targets::SourceOffsets committed_offsets_;
  Completeness completeness_;
  Troubles troubles_;
  SwapAttempts swaps_;
  std::map<std::string, base::Micros> tombstone_patience_;
  const ClockWatch clocks_;
  base::Micros live_from_;
  SteadyTime committed_at_{};
  bool has_rows_ = false, moved_ = false;
  bool hold_ = false;  // nothing is read until the swap says more
  bool rows_in_error_ = false;
  std::int64_t epochs_ = 0, records_ = 0, skipped_nulls_ = 0, null_event_times_ = 0;
};

}  // namespace

base::Error run_live(const Pipeline& pipeline, LiveStart start, std::stop_token stop) {
  return Live(pipeline, std::move(start), stop).run();
}

}  // namespace offtake::delivery
