// The messages that were not taken: for each key a queue, in order, of which the head is tried again. Parked:
// it is not, until somebody says so. Kept in the product's journal, one entry a message
// (`retry/<key digest>/<epoch>`), so that they outlive revisions. One thread.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "operators/targets/http/message_sender.h"
#include "operators/targets/journal/journal.h"
#include "operators/targets/push/row_keys.h"

namespace offtake::targets::push {

inline constexpr std::string_view kRetryPrefix = "retry/";

struct Unsent {
  std::string key;  // hex digest
  std::int64_t epoch = 0;
  http::CloudEvent event;  // without its source, which is the product's
  int attempts = 0;
  bool parked = false;
  base::Micros next = 0;   // not before
  base::Micros since = 0;  // that it waits here
  std::string error;       // of the last try; without values
};

// Of a message that was not tried from here.
Unsent unsent_of(const http::Message& message, std::int64_t epoch);

class RetryQueues {
 public:
  // From what the journal holds below kRetryPrefix. Code BadRetryQueue (terminal).
  base::Status load(std::span<const journal::Change> entries);

  bool contains(const std::string& key) const { return queues_.contains(key); }
  std::size_t keys() const { return queues_.size(); }
  std::size_t messages() const { return messages_; }
  std::size_t messages_of(const std::set<std::string>& keys) const;
  std::size_t parked_keys() const;
  std::size_t bytes() const { return bytes_; }
  // Heads whose time has come, the longest due first.
  std::vector<const Unsent*> due(base::Micros now, std::size_t limit) const;
  bool is_due(const std::string& key, base::Micros now) const;
  // When the next head is due; 0: none is.
  base::Micros next_due() const;
  const std::map<std::string, std::deque<Unsent>>& queues() const { return queues_; }

  // Each changes the queue and gives what the journal is to be changed by. Should writing it fail, load()
  // again.
  journal::Change push(Unsent message);                              // to the end of its key's queue
  journal::Change drop_head(const std::string& key);                 // REQUIRES: there is one
  journal::Change replace_head(Unsent message);                      // REQUIRES: as drop_head
  journal::Change drop(const std::string& key, std::int64_t epoch);  // REQUIRES: it is there

 private:
  std::map<std::string, std::deque<Unsent>> queues_;
  std::size_t messages_ = 0, bytes_ = 0;
};

}  // namespace offtake::targets::push
