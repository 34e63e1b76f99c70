#include "operators/delivery/stateless_fill.h"

#include "base/crash_point.h"
#include "base/log.h"
#include "operators/delivery/inputs.h"
#include "operators/delivery/ledger_book.h"

namespace offtake::delivery {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kRowsPerCommit = 250'000;
constexpr auto kCommitEvery = 5s;
constexpr std::size_t kReadAheadBytes = 16 << 20;

// How far earlier attempts committed, and the last record of each partition there.
struct Reached {
  targets::SourceOffsets offsets;
  targets::RecordStamps last_records;
};

void keep_latest(const targets::RecordStamps& from, targets::RecordStamps& into) {
  for (const auto& [dataset, partitions] : from) {
    for (const auto& [partition, stamp] : partitions) {
      auto& mine = into[dataset][partition];
      if (stamp.offset >= mine.offset) mine = stamp;
    }
  }
}

// One reading thread: some partitions of the one source.
class Stream {
 public:
  // `ledger`: of the revision before this call.
  Stream(const Pipeline& pipeline, const targets::LedgerEntries& ledger, int number,
         sources::OffsetVector from, sources::OffsetVector until, Reached reached)
      : pipeline_(pipeline),
        before_(ledger),
        ledger_({}, pipeline.traits.ledger_entries),
        number_(number),
        from_(std::move(from)),
        until_(std::move(until)),
        reached_(std::move(reached.offsets)),
        stamps_(std::move(reached.last_records)) {}

  base::Status run(std::stop_token stop) {
    auto dataflow = make_dataflow(pipeline_);
    if (!dataflow) return std::move(dataflow).error();
    auto input = SourceInput::open(pipeline_.sources[0], 0, from_, until_,
                                   kReadAheadBytes / static_cast<std::size_t>(pipeline_.threads),
                                   parking_of(pipeline_, before_));
    if (!input) return std::move(input).error();
    auto loader = pipeline_.target->open_loader(std::to_string(number_));
    if (!loader) return std::move(loader).error();
    auto commit_at = std::chrono::steady_clock::now() + kCommitEvery;
    std::int64_t uncommitted = 0;
    AwayReport away(pipeline_, number_);
    while (!(*input)->finished()) {
      if (stop.stop_requested()) return drained();
      auto batch = (*input)->next(200ms);
      if (!batch) return std::move(batch).error();
      away.look(**input);
      if (batch->has_value()) {
        base::crash_point("mid-read");
        auto appended = append(**dataflow, **loader, **batch);
        if (!appended) return std::move(appended).error();
        uncommitted += *appended;
      }
      if (uncommitted >= kRowsPerCommit ||
          (uncommitted > 0 && std::chrono::steady_clock::now() >= commit_at)) {
        if (auto done = commit_piece(**loader); !done) return done;
        uncommitted = 0;
        commit_at = std::chrono::steady_clock::now() + kCommitEvery;
      }
    }
    return commit_piece(**loader);
  }

 private:
  base::Status commit_piece(targets::Loader& loader) {
    if (auto done = loader.commit(reached_, stamps_, ledger_.changes()); !done) return done;
    ledger_.committed();
    base::crash_point("piece-loaded");
    return {};
  }

  base::Result<std::int64_t> append(engine::Dataflow& dataflow, targets::Loader& loader,
                                    const InputBatch& batch) {
    std::int64_t rows = 0;
    if (batch.rows.rows.rows > 0) {
      if (auto pushed = dataflow.push(0, batch.rows); !pushed) return std::move(pushed).error();
      auto changes = dataflow.take_stateless();
      if (!changes) return std::move(changes).error();
      auto good = pipeline_.parks ? ledger_.take_errors(dataflow, true, 0, pipeline_.clock->now())
                                  : check_rows(dataflow);
      if (!good) return std::move(good).error();
      rows = static_cast<std::int64_t>(changes->upserts.rows);
      if (rows > 0) {
        if (auto done = loader.append(*changes); !done) return std::move(done).error();
      }
    }
    advance(reached_, stamps_, pipeline_.sources[0], batch);
    ledger_.take(pipeline_.sources[0].dataset, batch.parked, 0, pipeline_.clock->now());
    pipeline_.progress->update([&](ProgressSnapshot& s) {
      s.records_read += static_cast<std::int64_t>(batch.records);
      s.bytes_read += static_cast<std::int64_t>(batch.bytes);
      s.skipped_nulls += static_cast<std::int64_t>(batch.skipped_nulls);
      s.null_event_times += static_cast<std::int64_t>(batch.null_event_times);
      s.rows_loaded += rows;
    });
    return rows;
  }

  const Pipeline& pipeline_;
  const targets::LedgerEntries& before_;
  LedgerBook ledger_;  // of this stream
  const int number_;
  const sources::OffsetVector from_, until_;
  targets::SourceOffsets reached_;
  targets::RecordStamps stamps_;
};

// Where each partition goes on: the furthest that any stream of an earlier attempt committed.
base::Result<Reached> reached_so_far(const Pipeline& pipeline, const targets::ControlRow& row) {
  Reached reached{row.start_offsets, {}};
  auto progress = pipeline.target->fill_progress();
  if (!progress) return std::move(progress).error();
  for (const auto& stream : *progress) {
    for (const auto& [dataset, partitions] : stream.reached) {
      for (const auto& [partition, offset] : partitions) {
        auto& mine = reached.offsets[dataset][partition];
        mine = std::max(mine, offset);
      }
    }
    keep_latest(stream.last_records, reached.last_records);
  }
  return reached;
}

// What retention removed since the cut was taken is reported and passed over, not stalled on.
base::Status skip_removed(const Pipeline& pipeline, sources::OffsetVector& reached) {
  const Source& source = pipeline.sources[0];
  auto bounds = source.store->bounds(source.topic);
  if (!bounds) return std::move(bounds).error().in(fmt::format("dataset {}", source.dataset));
  for (auto& [partition, offset] : reached) {
    const auto bound = bounds->find(partition);
    if (bound == bounds->end() || offset >= bound->second.earliest) continue;
    pipeline.progress->warn_once(
        fmt::format("HistoryTruncated: {} partition {} begins at offset {}, the fill had read to {}",
                    source.dataset, partition, bound->second.earliest, offset));
    offset = bound->second.earliest;
  }
  return {};
}

}  // namespace

base::Status fill_without_state(const Pipeline& pipeline, targets::ControlRow& row, LedgerBook& ledger,
                                std::stop_token stop) {
  const std::string& dataset = pipeline.sources[0].dataset;
  auto reached = reached_so_far(pipeline, row);
  if (!reached) return std::move(reached).error();
  if (auto skipped = skip_removed(pipeline, reached->offsets[dataset]); !skipped) return skipped;
  const auto count = static_cast<std::size_t>(std::max(1, pipeline.threads));
  std::vector<sources::OffsetVector> from(count), until(count);
  std::size_t next = 0;
  for (const auto& [partition, end] : row.cut[dataset]) {
    const sources::Offset start = reached->offsets[dataset][partition];
    pipeline.progress->update(
        [&](ProgressSnapshot& s) { s.records_read += start - row.start_offsets[dataset][partition]; });
    if (start >= end) continue;
    from[next % count][partition] = start;
    until[next % count][partition] = end;
    ++next;
  }
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::size_t i = 0; i < count; ++i) {
    if (from[i].empty()) continue;
    streams.push_back(std::make_unique<Stream>(pipeline, ledger.entries(), static_cast<int>(i), from[i],
                                               until[i], *reached));
  }
  std::stop_source stop_all;
  std::stop_callback forward(stop, [&] { stop_all.request_stop(); });
  std::vector<base::Status> results(streams.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      threads.emplace_back([&, i, outer = base::LogScope::current()] {
        const base::LogScope scope(outer);
        try {
          results[i] = streams[i]->run(stop_all.get_token());
        } catch (const std::exception& bug) {
          results[i] = base::internal(bug.what());
        }
        // One that fails ends the others, which then report that they were drained.
        if (!results[i]) stop_all.request_stop();
      });
    }
  }
  base::Status outcome;
  for (auto& result : results) {
    if (!result && (outcome.ok() || is_drained(outcome.error()))) outcome = std::move(result);
  }
  if (!outcome) return outcome;
  auto progress = pipeline.target->fill_progress();
  if (!progress) return std::move(progress).error();
  auto parked = pipeline.target->ledger(pipeline.revision);
  if (!parked) return std::move(parked).error();
  for (auto& entry : *parked) {
    if (!ledger.entries().contains(entry.id)) ledger.put(std::move(entry));
  }
  row.content = {};
  for (const auto& stream : *progress) {
    row.content.rows += stream.content.rows;
    row.content.sum += stream.content.sum;
    // Of partitions that an earlier attempt finished, too.
    keep_latest(stream.last_records, row.last_records);
  }
  return {};
}

}  // namespace offtake::delivery
