#include "operators/sources/embedded/committer.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "operators/sources/embedded/database.h"
#include "operators/sources/embedded/keys.h"

namespace offtake::sources::embedded {

Committer::Committer(Database& database, CommitterOptions options)
    : database_(database), options_(std::move(options)), thread_([this] { run(); }) {}

Committer::~Committer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queued_.notify_all();
  }
  thread_.join();
}

base::Status Committer::append(std::span<TopicAppend> topics) {
  Waiting waiting;
  waiting.topics = topics;
  for (const auto& topic : topics) {
    for (const auto& part : topic.parts) {
      for (const auto& block : part.blocks) waiting.bytes += block.bytes.size();
    }
  }
  std::unique_lock lock(mutex_);
  room_.wait(lock,
             [&] { return queue_.empty() || queued_bytes_ + waiting.bytes <= options_.max_queued_bytes; });
  queue_.push_back(&waiting);
  queued_bytes_ += waiting.bytes;
  queued_.notify_one();
  waiting.wake.wait(lock, [&] { return waiting.done; });
  return std::move(waiting.result);
}

base::Status Committer::exclusively(const std::function<base::Status()>& change) {
  const std::lock_guard lock(commit_mutex_);
  if (auto resumed = resume_after_failure(); !resumed) return resumed;
  return change();
}

void Committer::run() {
  std::vector<Waiting*> group;
  std::unique_lock lock(mutex_);
  for (;;) {
    queued_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    group.clear();
    std::size_t bytes = 0;
    while (!queue_.empty() && (group.empty() || bytes + queue_.front()->bytes <= options_.max_group_bytes)) {
      bytes += queue_.front()->bytes;
      group.push_back(queue_.front());
      queue_.pop_front();
    }
    queued_bytes_ -= bytes;
    room_.notify_all();
    lock.unlock();
    commit(group);
    lock.lock();
    // Under the lock: a waiter lives on its caller's stack and is gone once it sees `done`.
    for (Waiting* waiting : group) {
      waiting->done = true;
      waiting->wake.notify_one();
    }
  }
}

base::Status Committer::check_space() const {
  const Space space = disk_space(options_.dir);
  if (space.total_bytes == 0 || space.free_bytes >= options_.reserved_bytes) return {};
  return disk_full(options_.dir, space.free_bytes);
}

base::Status Committer::resume_after_failure() {
  if (!database_.failed()) return {};
  if (auto opened = database_.reopen(); !opened) return opened;
  if (auto told = options_.after_reopening(); !told) return told;
  base::log_info("the event log takes appends again");
  return {};
}

void Committer::commit(const std::vector<Waiting*>& group) {
  const std::lock_guard lock(commit_mutex_);
  base::Status status = check_space();
  if (status.ok()) status = resume_after_failure();
  if (status.ok()) {
    status = write(group);
  }
  if (status.ok()) return;
  for (Waiting* waiting : group) {
    if (waiting->result.ok()) waiting->result = status;
  }
}

// Topics go only under the commit's mutex, which is held.
bool Committer::topics_are_there(Waiting& waiting) {
  for (const TopicAppend& topic : waiting.topics) {
    const std::lock_guard topic_lock(topic.topic->mutex);
    if (topic.topic->deleted) {
      waiting.result = topic_missing(topic.topic->name);
      return false;
    }
  }
  return true;
}

base::Status Committer::write(const std::vector<Waiting*>& group) {
  // Ends and greatest timestamps as they will be; the topics learn of them when the batch is synced.
  std::map<std::pair<Topic*, int>, PartitionState> after;
  rocksdb::WriteBatch batch;
  const auto put = [&](Topic& topic, PartitionAppend& part) {
    const std::lock_guard topic_lock(topic.mutex);
    auto place = after.try_emplace({&topic, part.partition},
                                   topic.partitions[static_cast<std::size_t>(part.partition)]);
    PartitionState& state = place.first->second;
    part.first = state.end;
    for (EncodedBlock& block : part.blocks) {
      batch.Put(block_key(topic.id, part.partition, state.end), block.bytes);
      if (block.max_timestamp_ms > state.max_timestamp_ms) {
        state.max_timestamp_ms = block.max_timestamp_ms;
        std::string base;
        put_u64(base, static_cast<std::uint64_t>(state.end));
        batch.Put(time_key(topic.id, part.partition, block.max_timestamp_ms), base);
      }
      state.end += block.count;
      std::string().swap(block.bytes);
    }
  };
  for (Waiting* waiting : group) {
    if (!topics_are_there(*waiting)) continue;
    for (TopicAppend& topic : waiting->topics) {
      for (PartitionAppend& part : topic.parts) put(*topic.topic, part);
    }
  }
  if (after.empty()) return {};
  if (auto written = database_.write(batch, "appending to the event log"); !written) return written;
  for (const auto& [place, state] : after) {
    const std::lock_guard topic_lock(place.first->mutex);
    auto& partition = place.first->partitions[static_cast<std::size_t>(place.second)];
    partition.end = state.end;
    partition.max_timestamp_ms = state.max_timestamp_ms;
    place.first->changed.notify_all();
  }
  return {};
}

}  // namespace offtake::sources::embedded
