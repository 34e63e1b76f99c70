#include "operators/delivery/fill.h"

#include "base/crash_point.h"
#include "base/log.h"
#include "operators/delivery/inputs.h"
#include "operators/delivery/ledger_book.h"
#include "operators/delivery/read_between.h"
#include "operators/delivery/retry.h"
#include "operators/delivery/stateless_fill.h"
#include "operators/delivery/tombstones.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;

// A stateful fill loads in transactions of this many rows: long enough to cost nothing, short enough that an
// interrupted one leaves little behind.
constexpr std::int64_t kRowsPerLoad = 500'000;

// While it lives, a stop interrupts what the target does: an index or a proof takes minutes.
class Interrupting {
 public:
  Interrupting(targets::Target& target, std::stop_token stop)
      : thread_([&target, stop](std::stop_token over) {
          std::stop_source either;
          const std::stop_callback on_stop(stop, [&] { either.request_stop(); });
          const std::stop_callback on_over(over, [&] { either.request_stop(); });
          while (sleep_for(1h, either.get_token())) {
          }
          // Again and again: it may come between two statements.
          while (!over.stop_requested()) {
            target.interrupt();
            sleep_for(100ms, over);
          }
        }) {}

 private:
  std::jthread thread_;
};

struct Bounds {
  targets::SourceOffsets start, cut;
};

// The cut, before anything is read, and where reading starts.
base::Result<Bounds> take_cut(const Pipeline& pipeline, const targets::SourceOffsets& wanted_start) {
  Bounds out;
  for (const Source& source : pipeline.sources) {
    auto bounds = source.store->bounds(source.topic);
    if (!bounds) return std::move(bounds).error().in(fmt::format("dataset {}", source.dataset));
    const auto wanted = wanted_start.find(source.dataset);
    for (const auto& [partition, bound] : *bounds) {
      sources::Offset start = bound.earliest;
      if (wanted != wanted_start.end()) {
        const auto mine = wanted->second.find(partition);
        if (mine != wanted->second.end() && mine->second < bound.earliest) {
          pipeline.progress->warn_once(fmt::format(
              "HistoryTruncated: {} partition {} begins at offset {}, the history asked for at {}",
              source.dataset, partition, bound.earliest, mine->second));
        }
        if (mine != wanted->second.end()) start = std::max(bound.earliest, mine->second);
      }
      out.start[source.dataset][partition] = std::min(start, bound.last_stable);
      out.cut[source.dataset][partition] = bound.last_stable;
    }
  }
  return out;
}

class StatefulFill {
 public:
  StatefulFill(const Pipeline& pipeline, LedgerBook& ledger, std::stop_token stop)
      : pipeline_(pipeline), ledger_(ledger), stop_(stop) {}

  base::Result<std::unique_ptr<engine::Dataflow>> run(targets::ControlRow& row) {
    auto dataflow = make_dataflow(pipeline_);
    if (!dataflow) return std::move(dataflow).error();
    dataflow_ = *std::move(dataflow);
    if (auto read = read_twice(row); !read) return std::move(read).error();
    report_key_spans(pipeline_, *dataflow_);
    if (auto loaded = load(row); !loaded) return std::move(loaded).error();
    return std::move(dataflow_);
  }

 private:
  base::Status push(const InputBatch& batch, targets::ControlRow& row) {
    const Source& source = pipeline_.sources[static_cast<std::size_t>(batch.source)];
    if (batch.rows.rows.rows > 0) {
      if (auto pushed = dataflow_->push(batch.source, batch.rows); !pushed) return pushed;
    }
    advance(row.offsets, row.last_records, source, batch);
    ledger_.take(source.dataset, batch.parked, row.epoch, pipeline_.clock->now());
    pipeline_.progress->update([&](ProgressSnapshot& s) {
      s.records_read += static_cast<std::int64_t>(batch.records);
      s.bytes_read += static_cast<std::int64_t>(batch.bytes);
      s.skipped_nulls += static_cast<std::int64_t>(batch.skipped_nulls);
      s.null_event_times += static_cast<std::int64_t>(batch.null_event_times);
      s.state_bytes = static_cast<std::int64_t>(dataflow_->state_bytes());
    });
    return {};
  }

  base::Status read_twice(targets::ControlRow& row) {
    const auto on_batch = [&](const InputBatch& batch) { return push(batch, row); };
    auto compacted = tombstone_patience(pipeline_);
    if (!compacted) return std::move(compacted).error();
    const base::Micros began = pipeline_.clock->now();
    auto read = read_between(pipeline_, row.start_offsets, row.cut, parking_of(pipeline_, ledger_.entries()),
                             stop_, on_batch);
    if (!read) return read;
    if (compacted->empty()) return {};
    auto ends = current_ends(pipeline_);
    if (!ends) return std::move(ends).error();
    targets::SourceOffsets second = row.cut;
    for (const auto& [dataset, patience] : *compacted) {
      for (const auto& [partition, end] : (*ends)[dataset]) {
        // A partition that appeared meanwhile is live delivery's to find.
        if (second[dataset].contains(partition)) second[dataset][partition] = end;
      }
    }
    const targets::SourceOffsets first = row.cut;
    if (auto stored = pipeline_.target->store_cut(second); !stored) return stored;
    row.cut = second;
    pipeline_.progress->update([&](ProgressSnapshot& s) { s.cut = second; });
    read = read_between(pipeline_, first, second, parking_of(pipeline_, ledger_.entries()), stop_, on_batch);
    if (!read) return read;
    const base::Micros took = pipeline_.clock->now() - began;
    for (const auto& [dataset, patience] : *compacted) {
      if (took <= patience) continue;
      return base::transient(
          "TombstonesMayBeMissed",
          fmt::format("reading {} took {}, and its topic keeps deletions for {} at least; "
                      "the fill starts again",
                      dataset, base::format_duration(took), base::format_duration(patience)));
    }
    return {};
  }

  base::Status load(targets::ControlRow& row) {
    auto loader = pipeline_.target->open_loader("0");
    if (!loader) return std::move(loader).error();
    std::int64_t since_commit = 0;
    auto finished = dataflow_->finish_bulk([&](engine::Changes&& rows) -> base::Status {
      if (stop_.stop_requested()) return drained();
      const auto count = static_cast<std::int64_t>(rows.upserts.rows);
      row.content.rows += rows.checksum.rows;
      row.content.sum += rows.checksum.sum;
      if (auto appended = (*loader)->append(rows); !appended) return appended;
      pipeline_.progress->update([&](ProgressSnapshot& s) { s.rows_loaded += count; });
      since_commit += count;
      if (since_commit < kRowsPerLoad) return {};
      since_commit = 0;
      return commit_piece(**loader);
    });
    if (!finished) return finished;
    // What is in error shows only now that every side has loaded.
    auto good = pipeline_.parks ? ledger_.take_errors(*dataflow_, false, row.epoch, pipeline_.clock->now())
                                : check_rows(*dataflow_);
    if (!good) return good;
    return commit_piece(**loader);
  }

  static base::Status commit_piece(targets::Loader& loader) {
    if (auto done = loader.commit({}, {}); !done) return done;
    base::crash_point("piece-loaded");
    return {};
  }

  const Pipeline& pipeline_;
  LedgerBook& ledger_;
  std::stop_token stop_;
  std::unique_ptr<engine::Dataflow> dataflow_;
};

base::Status finish_load(const Pipeline& pipeline, std::stop_token stop) {
  const Interrupting interrupting(*pipeline.target, stop);
  return pipeline.target->finish_load();
}

}  // namespace

base::Result<Filled> run_fill(const Pipeline& pipeline, FillStart start, std::stop_token stop) {
  Filled filled;
  filled.control = std::move(start.row);
  targets::ControlRow& row = filled.control;
  pipeline.progress->set_state(State::kFilling);
  if (!start.resume) {
    row.phase = targets::Phase::kFilling;
    row.logical_time = pipeline.clock->now();
    auto bounds = take_cut(pipeline, start.start);
    if (!bounds) return std::move(bounds).error();
    row.start_offsets = bounds->start;
    row.cut = bounds->cut;
    row.offsets = row.start_offsets;
    row.content = {};
    row.last_records = {};
    if (auto begun = pipeline.target->begin_fill(row); !begun) return std::move(begun).error();
  }
  base::crash_point("cut-stored");
  pipeline.progress->update([&](ProgressSnapshot& s) {
    s.cut = row.cut;
    s.records_read = 0;
    s.rows_loaded = 0;
    s.records_total = records_between(row.start_offsets, row.cut);
    s.fill_started = pipeline.clock->now();
  });
  base::log_info("fill started", {{"records", std::to_string(records_between(row.start_offsets, row.cut))},
                                  {"resumed", start.resume ? "true" : "false"}});
  LedgerBook ledger({}, pipeline.traits.ledger_entries);
  for (auto& entry : start.ledger) ledger.put(std::move(entry));
  if (pipeline.stateless) {
    if (auto done = fill_without_state(pipeline, row, ledger, stop); !done) return std::move(done).error();
  } else {
    auto dataflow = StatefulFill(pipeline, ledger, stop).run(row);
    if (!dataflow) return std::move(dataflow).error();
    filled.dataflow = *std::move(dataflow);
  }
  row.offsets = row.cut;
  base::log_info("rows loaded", {{"rows", std::to_string(row.content.rows)}});
  pipeline.progress->set_state(State::kIndexing);
  if (auto built = finish_load(pipeline, stop); !built) return std::move(built).error();
  base::log_info("keys and indexes built");
  auto ended =
      pipeline.target->finish_fill(row.content, row.logical_time, row.last_records, ledger.changes());
  if (!ended) return std::move(ended).error();
  for (const auto& [id, entry] : ledger.entries()) filled.ledger.push_back(entry);
  row.phase = targets::Phase::kCatchingUp;
  pipeline.progress->clear_stall();
  if (auto proved = verify(pipeline, stop); !proved) return std::move(proved).error();
  pipeline.progress->update([&](ProgressSnapshot& s) {
    s.fill_completed = pipeline.clock->now();
    s.records_read = s.records_total;
    s.content = row.content;
  });
  base::log_info("fill finished", {{"rows", std::to_string(row.content.rows)}});
  return filled;
}

base::Status verify(const Pipeline& pipeline, std::stop_token stop) {
  if (!pipeline.verify || !pipeline.traits.proves) return {};
  pipeline.progress->set_state(State::kVerifying);
  const Interrupting interrupting(*pipeline.target, stop);
  auto proof = pipeline.target->prove();
  if (!proof) return std::move(proof).error();
  if (!(proof->table == proof->control.content)) {
    return base::terminal(
               "VerificationFailed",
               fmt::format("the table holds {} rows (checksum {:016x}), delivered were {} (checksum {:016x})",
                           proof->table.rows, proof->table.sum, proof->control.content.rows,
                           proof->control.content.sum))
        .with_hint("something else wrote to the table; the fill starts again");
  }
  pipeline.progress->update([&](ProgressSnapshot& s) {
    s.verified_rows = proof->table.rows;
    s.verified_checksum = proof->table.sum;
    s.verified_at = pipeline.clock->now();
  });
  return {};
}

}  // namespace offtake::delivery
