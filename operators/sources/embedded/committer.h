// Group commit: one thread writes what all appenders have queued as one atomic, synced RocksDB batch, then
// lets them all go. While one sync runs the next group gathers; nobody waits for a timer.
//
// An append is visible and acknowledged together, or not at all. Thread-safe.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/result.h"
#include "operators/sources/embedded/block.h"
#include "operators/sources/embedded/database.h"
#include "operators/sources/embedded/topic.h"

namespace offtake::sources::embedded {

// What one append writes to one partition; `first` is filled in by the commit.
struct PartitionAppend {
  int partition = 0;
  std::vector<EncodedBlock> blocks;
  std::uint32_t count = 0;
  Offset first = 0;
};

// What one append writes to one topic.
struct TopicAppend {
  std::shared_ptr<Topic> topic;
  std::vector<PartitionAppend> parts;
};

struct CommitterOptions {
  std::string dir;                   // whose disk is watched
  std::uint64_t reserved_bytes = 0;  // appends are refused below this much free space
  std::size_t max_queued_bytes = 64 << 20;
  std::size_t max_group_bytes = 32 << 20;
  // Called when the database was opened anew after a failed write, before anything is written to it.
  std::function<base::Status()> after_reopening;
};

class Committer {
 public:
  Committer(Database& database, CommitterOptions options);
  ~Committer();  // commits what is queued
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Returns when the records are in a synced write-ahead log, those of all topics or none; fills in
  // PartitionAppend::first. Waits for room while too much is queued. Codes DiskFull, LogUnavailable,
  // LogDamaged, TopicMissing.
  base::Status append(std::span<TopicAppend> topics);

  // Runs `change` while no commit is under way: topics come, go and lose old records between commits.
  base::Status exclusively(const std::function<base::Status()>& change);

 private:
  struct Waiting {
    std::span<TopicAppend> topics;
    std::size_t bytes = 0;
    bool done = false;
    base::Status result;
    std::condition_variable wake;
  };

  void run();
  void commit(const std::vector<Waiting*>& group);
  base::Status check_space() const;
  base::Status write(const std::vector<Waiting*>& group);
  static bool topics_are_there(Waiting& waiting);
  base::Status resume_after_failure();

  Database& database_;
  const CommitterOptions options_;
  std::mutex commit_mutex_;  // held over every write; taken before a topic's mutex
  std::mutex mutex_;         // guards what follows
  std::condition_variable queued_, room_;
  std::deque<Waiting*> queue_;
  std::size_t queued_bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace offtake::sources::embedded
