#include "operators/targets/topic/topic_target.h"

#include "base/crash_point.h"
#include "operators/targets/intent/control_steps.h"
#include "operators/targets/journal/journal_controls.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/topic/appended.h"
#include "operators/targets/topic/chunks.h"
#include "operators/targets/topic/record_checksum.h"
#include "operators/targets/topic/record_encoder.h"
#include "operators/targets/topic/topic_content.h"
#include "operators/targets/topic/topic_fill.h"

namespace offtake::targets::topic {
namespace {

using namespace std::chrono_literals;
using journal::Change;
using journal::JournalControls;
using Stored = intent::ControlStore::Stored;

// Of the transactions that bring the topic to what is wanted.
constexpr std::size_t kTransactionRecords = 100'000;
constexpr auto kTransactionTime = 20s;

class TopicTarget : public Target {
 public:
  TopicTarget(const TargetConnection& connection, TableSpec table, std::string product_uid,
              std::unique_ptr<RecordEncoder> encoder, int partitions)
      : events_(connection.events),
        topic_(connection.topic),
        place_{topic_, appends(table) ? std::optional<int>(partitions) : std::nullopt},
        table_(std::move(table)),
        product_uid_(std::move(product_uid)),
        encoder_(std::move(encoder)),
        controls_(events_, product_uid_) {}

  base::Result<std::vector<ControlRow>> controls() override { return intent::rows_of(controls_); }

  base::Status begin_fill(const ControlRow& row) override {
    auto found = controls_.read(table_.revision);
    if (!found) return std::move(found).error();
    auto next = intent::start_of_fill(*found, row, table_.revision, product_uid_);
    if (!next) return std::move(next).error();
    owner_ = row.owner;
    mine_ = *std::move(next);
    fill_.reset();
    return write(mine_->row);
  }

  base::Result<ControlRow> take_ownership(const Ownership& request) override {
    // Whoever wrote it before is ended first: what is read then is final.
    auto found = controls_.take(table_.revision);
    if (!found) return std::move(found).error();
    if (!found->has_value()) return protocol::no_control_row(table_.revision);
    mine_ = **std::move(found);
    auto row = protocol::taken_over(mine_->row, request);
    if (!row) return std::move(row).error();
    if (auto written = write(*row); !written) return std::move(written).error();
    owner_ = request.owner;
    return row;
  }

  base::Result<std::vector<FillProgress>> fill_progress() override {
    std::vector<FillProgress> out;
    if (!fill_) return out;
    const std::lock_guard lock(fill_->mutex);
    for (const auto& [stream, progress] : fill_->progress) out.push_back(progress);
    return out;
  }

  base::Status store_cut(const SourceOffsets& cut) override {
    auto row = owned();
    if (!row) return std::move(row).error();
    row->cut = cut;
    return write(*row);
  }

  base::Result<std::unique_ptr<Loader>> open_loader(const std::string& stream) override {
    if (auto staged = ensure_stage(); !staged) return std::move(staged).error();
    auto encoder = RecordEncoder::make(table_);
    if (!encoder) return std::move(encoder).error();
    return make_loader(fill_, controls_, owner_, table_, *std::move(encoder), stream);
  }

  base::Status finish_load() override {
    base::crash_point("before-indexes");
    base::crash_point("after-indexes");
    return {};
  }

  base::Status finish_fill(const types::Checksum& content, base::Micros logical_time,
                           const RecordStamps& last_records, const LedgerChanges& ledger) override {
    auto row = owned();
    if (!row) return std::move(row).error();
    if (auto staged = ensure_stage(); !staged) return staged;  // a fill without rows
    // Not stored: what was gathered is lost with this process.
    ControlRow& mine = mine_->row;
    mine.offsets = mine.cut;
    mine.content = content;
    mine.logical_time = logical_time;
    mine.last_records = last_records;
    auto streams = fill_progress();
    if (!streams) return std::move(streams).error();
    intent::end_ledger_of_fill(*streams, ledger, mine);
    if (mine.phase == Phase::kFilling) mine.phase = Phase::kCatchingUp;
    return {};
  }

  base::Result<std::vector<LedgerEntry>> ledger(int revision) override {
    if (revision != table_.revision || !mine_) return intent::ledger_of(controls_, revision);
    // Unpublished, it is in no document; while it fills, with the streams.
    auto streams = fill_progress();
    if (!streams) return std::move(streams).error();
    return intent::ledger_of(mine_->row, *streams);
  }

  base::Result<Proof> prove() override {
    auto checksum = RecordChecksum::make(table_);
    if (!checksum) return std::move(checksum).error();
    const auto add = [&](std::string_view value) { return (*checksum)->add(value); };
    Proof proof;
    if (fill_ && mine_ && mine_->row.phase != Phase::kCurrent) {
      if (auto read = fill_->stage->for_each_value(Stage::Side::kWanted, add); !read)
        return std::move(read).error();
      proof.control = mine_->row;
    } else if (appends(table_)) {
      return base::terminal("NotProved", "the topic holds the records of earlier revisions, too");
    } else {
      auto before = controls_.read(table_.revision);
      if (!before) return std::move(before).error();
      if (!before->has_value()) return protocol::no_control_row(table_.revision);
      auto stage = Stage::make();
      if (!stage) return std::move(stage).error();
      if (auto read = read_content(*events_, topic_, **stage); !read) return std::move(read).error();
      if (auto read = (*stage)->for_each_value(Stage::Side::kPresent, add); !read)
        return std::move(read).error();
      auto after = controls_.read(table_.revision);
      if (!after) return std::move(after).error();
      if (!after->has_value() || (*after)->version != (*before)->version)
        return intent::changed_meanwhile(table_.revision);
      proof.control = std::move((*before)->row);
    }
    auto table = (*checksum)->finish();
    if (!table) return std::move(table).error();
    proof.table = *table;
    return proof;
  }

  base::Result<SwapResult> swap() override {
    auto next = owned();
    if (!next) return std::move(next).error();
    SwapResult result;
    std::optional<Stored> previous;
    if (next->phase != Phase::kCurrent) {
      if (!fill_) return base::transient("StageLost", "what was gathered for the topic is lost");
      auto found = intent::published_beside(controls_, table_.revision);
      if (!found) return std::move(found).error();
      previous = *std::move(found);
      if (previous) {
        auto ready = hand_over(*next, *previous, result);
        if (!ready) return std::move(ready).error();
        if (!*ready) return result;
      }
      next->epoch = std::max(next->epoch, previous ? previous->row.epoch : 0) + 1;
      next->phase = Phase::kCurrent;
      next->committed_at = base::system_clock().now();
      auto published = appends(table_) ? append_gathered(*next, previous.has_value()) : publish(*next);
      if (!published) return std::move(published).error();
      base::crash_point("after-swap-commit");
      fill_.reset();
    } else {
      auto found = intent::published_beside(controls_, table_.revision);
      if (found) previous = *std::move(found);
    }
    // Whoever finds it undone ends it: the next call here, or the control plane's fence.
    if (previous) intent::retire(controls_, *previous);
    result.swapped = true;
    result.epoch = next->epoch;
    return result;
  }

  void interrupt() override {
    if (fill_) fill_->stage->interrupt();
  }

  base::Status commit(const EpochCommit& epoch) override {
    if (!mine_) {
      auto found = controls_.read(table_.revision);
      if (!found) return std::move(found).error();
      mine_ = *std::move(found);
    }
    const auto there = mine_ ? std::optional<ControlRow>(mine_->row) : std::optional<ControlRow>();
    auto outcome = protocol::outcome_of_epoch(there, owner_, epoch.last_epoch);
    if (!outcome) {
      mine_.reset();
      return std::move(outcome).error();
    }
    if (*outcome == protocol::Outcome::kCommitted) return {};
    auto rows = stage_rows(table_, *encoder_, epoch.changes);
    if (!rows) return std::move(rows).error();
    ControlRow row = intent::after_epoch(mine_->row, epoch);
    if (row.phase != Phase::kCurrent) {
      if (!fill_) return base::transient("StageLost", "what was gathered for the topic is lost");
      auto put = fill_->stage->put(*rows, false);
      if (!put) return std::move(put).error();
      mine_->row = std::move(row);
      return {};
    }
    if (appends(table_)) {
      // What only time takes out of the result stays.
      std::erase_if(*rows, [](const Stage::Row& each) { return !each.value; });
      std::sort(rows->begin(), rows->end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    }
    auto written = write_with(row, [&](sources::TransactionalProducer& producer) -> base::Status {
      Chunks chunks(producer, place_);
      for (auto& each : *rows) {
        if (auto added = chunks.add(Stage::Row(each)); !added) return added;
      }
      if (auto flushed = chunks.flush(); !flushed) return flushed;
      base::crash_point("mid-epoch");
      base::crash_point("before-epoch-commit");
      return {};
    });
    if (!written) return written;
    base::crash_point("after-epoch-commit");
    return {};
  }

 private:
  using Rows = std::function<base::Status(sources::TransactionalProducer& producer)>;

  base::Result<ControlRow> owned() {
    if (!mine_) {
      auto found = controls_.read(table_.revision);
      if (!found) return std::move(found).error();
      mine_ = *std::move(found);
    }
    if (!mine_) return base::fenced("the control row is gone: the revision was dropped");
    if (mine_->row.owner != owner_ || owner_.empty()) {
      mine_.reset();
      return protocol::fenced_by_another(table_.revision);
    }
    return mine_->row;
  }

  base::Status ensure_stage() {
    if (fill_) return {};
    auto stage = Stage::make();
    if (!stage) return std::move(stage).error();
    fill_ = std::make_shared<Fill>();
    fill_->stage = *std::move(stage);
    return {};
  }

  base::Status write(const ControlRow& row) { return write_with(row, nullptr); }

  // Over the version that was seen. When it is not known what became of it, or another one was there first,
  // the document is read again by whoever comes next: `outcome_of_epoch` and `owned` then say which.
  base::Status write_with(const ControlRow& row, const Rows& rows, const std::vector<Change>& entries = {}) {
    JournalControls::Add add;
    if (rows) {
      add = [&](sources::TransactionalProducer& producer) -> base::Result<std::vector<Change>> {
        if (auto added = rows(producer); !added) return std::move(added).error();
        return entries;
      };
    }
    auto version = controls_.write_with(row, mine_ ? mine_->version : "", add);
    if (version) {
      mine_ = Stored{row, *std::move(version)};
      return {};
    }
    base::Error error = std::move(version).error();
    const bool unknown = error.code == "OutcomeUnknown" || error.retry == base::Retry::kFenced;
    if (!unknown && error.code != intent::kConflict) return error;
    // Unpublished, what the journal holds is less than what this session knows.
    const bool published = mine_ && mine_->row.phase == Phase::kCurrent;
    auto there = controls_.read(table_.revision);
    if (!there) {
      if (published) mine_.reset();
      return std::move(there).error();
    }
    if (!there->has_value() || (*there)->row.owner != row.owner) {
      mine_.reset();
      return protocol::fenced_by_another(table_.revision);
    }
    if (published || (*there)->row.phase == Phase::kCurrent) {
      mine_ = *std::move(there);
    } else if (mine_) {
      mine_->version = (*there)->version;
    }
    if (error.code == "OutcomeUnknown") return error;
    return intent::changed_meanwhile(table_.revision);
  }

  // True: `previous` stands still, and this revision is at or past it.
  base::Result<bool> hand_over(const ControlRow& next, Stored& previous, SwapResult& result) {
    // A record is not taken back: what lies between the two would be appended by neither.
    const auto is_past = [&] { return appends(table_) && protocol::is_past(next, previous.row); };
    if (previous.row.phase == Phase::kCurrent) {
      const auto is_there = [&] {
        return protocol::may_replace(next, previous.row) ||
               protocol::is_near(next, previous.row, intent::kNearRecords);
      };
      result.hold = is_past();
      if (result.hold) {
        result.blocked_by = fmt::format("revision {}, which has not read as far yet", previous.row.revision);
        return false;
      }
      result.behind = !is_there();
      if (result.behind) return false;
      // Ends its writer, so that what is read now is where it stands. Should this go no further, it opens a
      // producer again and goes on.
      auto taken = controls_.take(previous.row.revision);
      if (!taken) return std::move(taken).error();
      if (taken->has_value()) previous = **std::move(taken);
      result.behind =
          !taken->has_value() || previous.row.phase != Phase::kCurrent || !is_there() || is_past();
      if (result.behind) return false;
      auto stands = intent::let_stand(controls_, previous);
      if (!stands) return stands;
      result.behind = !*stands;
      if (result.behind) return false;
    } else if (is_past()) {
      return base::terminal(
          "HandOverMissed",
          fmt::format(
              "revision {} stands still where this one has read on: what lies between would be appended "
              "by neither",
              previous.row.revision));
    }
    if (protocol::may_replace(next, previous.row)) return true;
    result.reach = protocol::to_reach(next, previous.row);
    result.reach_time = previous.row.logical_time;
    return false;
  }

  base::Status check_gathered(const ControlRow& next) const {
    auto rows = fill_->stage->rows();
    if (!rows) return std::move(rows).error();
    if (*rows == next.content.rows) return {};
    return base::terminal(
        "VerificationFailed",
        fmt::format("{} rows were gathered for the topic, delivered were {}", *rows, next.content.rows));
  }

  // Brings the topic to what was gathered; the last transaction makes `next` Current.
  base::Status publish(const ControlRow& next) {
    if (auto all = check_gathered(next); !all) return all;
    if (auto read = read_content(*events_, topic_, *fill_->stage); !read) return read;
    return write_gathered(
        next, [](const Stage::Row&) { return true; }, nullptr);
  }

  // What was gathered is the first revision's to append; where another one was, `next` goes on from there.
  // The last transaction makes it Current.
  base::Status append_gathered(const ControlRow& next, bool follows) {
    if (auto all = check_gathered(next); !all) return all;
    Appended appended;
    for (const Change& entry : controls_.entries(std::string(kAppendedKey))) {
      auto found = appended_from(entry.value.value_or(""));
      if (!found) return std::move(found).error();
      appended = *std::move(found);
    }
    if (!follows && appended.complete) {
      return base::terminal(
                 "AppendedBefore",
                 "the topic holds the records of a revision that is gone, and where that ended is not "
                 "known: they would be appended again")
          .with_hint("make another product with another target.name");
    }
    const auto wanted = [&](const Stage::Row& row) {
      const Position position = position_of(row.key);
      if (follows || appended.has(position)) return false;
      appended.last[position.partition] = position;
      return true;
    };
    return write_gathered(next, wanted, &appended);
  }

  // In transactions; one that is full is committed and the next one begun. With `appended`, which `wanted`
  // moves on, in the journal.
  base::Status write_gathered(const ControlRow& next, const std::function<bool(const Stage::Row&)>& wanted,
                              Appended* appended) {
    Stage& stage = *fill_->stage;
    std::vector<Stage::Row> pending;
    auto began = std::chrono::steady_clock::now();
    // A test that kills between two of them finds them small.
    const std::size_t most = base::crash_points_armed() ? kTransactionRecords / 100 : kTransactionRecords;
    const auto full = [&] {
      return pending.size() >= most || std::chrono::steady_clock::now() - began >= kTransactionTime;
    };
    const auto entries = [&] {
      return appended == nullptr ? std::vector<Change>()
                                 : std::vector<Change>{{std::string(kAppendedKey), to_text(*appended)}};
    };
    const auto add_pending = [&](sources::TransactionalProducer& producer) -> base::Status {
      Chunks chunks(producer, place_);
      for (const auto& row : pending) {
        if (auto added = chunks.add(Stage::Row(row)); !added) return added;
      }
      return chunks.flush();
    };
    auto written = stage.for_each_difference([&](Stage::Row&& row) -> base::Status {
      if (!wanted(row)) return {};
      pending.push_back(std::move(row));
      if (!full()) return {};
      const std::string version = mine_->version;
      auto done = controls_.append_with(
          table_.revision, version,
          [&](sources::TransactionalProducer& producer) -> base::Result<std::vector<Change>> {
            if (auto added = add_pending(producer); !added) return std::move(added).error();
            return entries();
          });
      if (!done) return done;
      base::crash_point("piece-published");
      pending.clear();
      began = std::chrono::steady_clock::now();
      return {};
    });
    if (!written) return written;
    if (appended != nullptr) appended->complete = true;
    const auto add = [&](sources::TransactionalProducer& producer) -> base::Status {
      if (auto added = add_pending(producer); !added) return added;
      base::crash_point("before-swap-commit");
      return {};
    };
    return write_with(next, add, entries());
  }

  const std::shared_ptr<sources::EventStore> events_;
  const std::string topic_;
  const Place place_;
  const TableSpec table_;
  const std::string product_uid_;
  const std::unique_ptr<RecordEncoder> encoder_;
  JournalControls controls_;
  std::string owner_;
  // As last seen, or further while unpublished; absent: to be read.
  std::optional<Stored> mine_;
  std::shared_ptr<Fill> fill_;
};

}  // namespace

base::Result<std::unique_ptr<Target>> open_target(const TargetConnection& connection, const TableSpec& table,
                                                  const std::string& product_uid) {
  if (!connection.events) {
    return base::terminal("BadJob",
                          fmt::format("the target's event store {} is not opened", connection.store));
  }
  auto encoder = RecordEncoder::make(table);
  if (!encoder) return std::move(encoder).error();
  auto topic = connection.events->describe(connection.topic);
  if (!topic) {
    if (topic.error().code != "TopicMissing") return std::move(topic).error();
    return base::terminal("TargetMissing", fmt::format("topic '{}' does not exist", connection.topic))
        .with_hint("provisioning makes it; the product was deleted, or its topic was");
  }
  return std::make_unique<TopicTarget>(connection, table, product_uid, *std::move(encoder),
                                       topic->partitions);
}

}  // namespace offtake::targets::topic
