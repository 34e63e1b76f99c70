#include "operators/sources/embedded/reader.h"

#include <algorithm>
#include <limits>

namespace offtake::sources::embedded {
namespace {

struct Cursor {
  int partition = 0;
  Offset position = 0;
  std::optional<Offset> until;
  bool done() const { return until && position >= *until; }
};

class LogReader : public Reader {
 public:
  LogReader(std::shared_ptr<Log> log, std::shared_ptr<Topic> topic, const ReadOptions& options)
      : log_(std::move(log)), topic_(std::move(topic)), options_(options) {}

  base::Status add(int partition, Offset from, std::optional<Offset> until) {
    if (partition < 0 || partition >= topic_->partition_count) {
      return base::terminal("PartitionMissing",
                            fmt::format("topic '{}' has no partition {}, it has {}", topic_->name, partition,
                                        topic_->partition_count));
    }
    const bool there = std::any_of(cursors_.begin(), cursors_.end(),
                                   [&](const Cursor& cursor) { return cursor.partition == partition; });
    if (there) {
      return base::terminal("PartitionTaken", fmt::format("partition {} of topic '{}' is read already",
                                                          partition, topic_->name));
    }
    const Cursor cursor{partition, from, until};
    const std::lock_guard lock(topic_->mutex);
    if (auto checked = check(cursor); !checked) return checked;
    cursors_.push_back(cursor);
    return {};
  }

  base::Result<std::optional<RecordBatch>> poll(std::chrono::milliseconds timeout) override {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    Cursor* chosen = nullptr;
    Offset limit = 0;
    {
      std::unique_lock lock(topic_->mutex);
      for (;;) {
        if (topic_->deleted) return topic_missing(topic_->name);
        auto next = choose(limit);
        if (!next) return std::move(next).error();
        chosen = *next;
        if (chosen != nullptr || finished()) break;
        if (topic_->changed.wait_until(lock, deadline) == std::cv_status::timeout) {
          next = choose(limit);
          if (!next) return std::move(next).error();
          chosen = *next;
          break;
        }
      }
    }
    if (chosen == nullptr) return std::optional<RecordBatch>();
    auto batch = log_->read(*topic_, chosen->partition, chosen->position, limit, options_.max_batch_records,
                            options_.max_buffered_bytes);
    if (!batch) return std::move(batch).error();
    chosen->position = batch->position;
    return std::optional<RecordBatch>(std::move(batch).value());
  }

  OffsetVector positions() const override {
    OffsetVector out;
    for (const Cursor& cursor : cursors_) out[cursor.partition] = cursor.position;
    return out;
  }

  bool finished() const override {
    bool any = false;
    for (const Cursor& cursor : cursors_) {
      if (!cursor.until) continue;
      if (!cursor.done()) return false;
      any = true;
    }
    return any;
  }

  base::Status add_partition(int partition, Offset from) override { return add(partition, from, {}); }

 private:
  const PartitionState& state_of(const Cursor& cursor) const {
    return topic_->partitions[static_cast<std::size_t>(cursor.partition)];
  }

  // REQUIRES: the topic's mutex is held.
  base::Status check(const Cursor& cursor) const {
    const PartitionState& state = state_of(cursor);
    if (cursor.done() || (cursor.position >= state.start && cursor.position <= state.end)) return {};
    return base::terminal(
        "OffsetOutOfRange",
        fmt::format("offset {} of topic '{}', partition {} is not there: its log holds {} to {}",
                    cursor.position, topic_->name, cursor.partition, state.start, state.end));
  }

  // The next partition in turn that has records to give, and where it ends now. REQUIRES: as check().
  base::Result<Cursor*> choose(Offset& limit) {
    for (std::size_t tried = 0; tried < cursors_.size(); ++tried) {
      turn_ = (turn_ + 1) % cursors_.size();
      Cursor& cursor = cursors_[turn_];
      if (auto checked = check(cursor); !checked) return std::move(checked).error();
      limit = std::min(state_of(cursor).end, cursor.until.value_or(std::numeric_limits<Offset>::max()));
      if (cursor.position < limit) return &cursor;
    }
    return nullptr;
  }

  const std::shared_ptr<Log> log_;
  const std::shared_ptr<Topic> topic_;
  const ReadOptions options_;
  std::vector<Cursor> cursors_;
  std::size_t turn_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Reader>> make_reader(std::shared_ptr<Log> log, std::shared_ptr<Topic> topic,
                                                  const OffsetVector& from, const OffsetVector& until,
                                                  const ReadOptions& options) {
  auto reader = std::make_unique<LogReader>(std::move(log), std::move(topic), options);
  for (const auto& [partition, offset] : from) {
    const auto end = until.find(partition);
    auto added =
        reader->add(partition, offset, end == until.end() ? std::nullopt : std::optional(end->second));
    if (!added) return std::move(added).error();
  }
  return std::unique_ptr<Reader>(std::move(reader));
}

}  // namespace offtake::sources::embedded
