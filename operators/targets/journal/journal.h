// A compacted topic of one partition as a small key/value store: the latest record of a key is its value, a
// tombstone deletes it. All of it is held in memory, so it is for control rows and such, not for rows.
//
// One thread. Errors: the event store's; JournalTooLarge (terminal) beyond kMaxBytes.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "operators/sources/event_store.h"

namespace offtake::targets::journal {

inline constexpr std::size_t kMaxBytes = 512 << 20;

// "_offtake.state.<product uid>"
std::string topic_of(const std::string& product_uid);
// The same for people: also of a product that has no uid yet.
std::string shown_topic_of(const std::string& product_uid);

// There already = success.
base::Status create(sources::EventStore& store, const std::string& topic, int replicas = 1);

struct Change {
  std::string key;
  std::optional<std::string> value;  // absent: deleted
};

class Journal {
 public:
  Journal(std::shared_ptr<sources::EventStore> store, std::string topic)
      : store_(std::move(store)), topic_(std::move(topic)) {}

  // Reads on to the high watermark as it is now: everything that was committed before this call, by
  // whomever, and what becomes of the transactions that are open (transient after kTransactionTimeout). For
  // who has just opened a producer: everything that earlier ones of that id will ever have written. A topic
  // that is not there has no entries.
  base::Status refresh();

  const std::map<std::string, std::string>& entries() const { return entries_; }
  const std::string* find(const std::string& key) const;  // null: there is none

  // Adds the changes to the producer's transaction (with the records it has already) and commits it. The
  // entries follow when that succeeds. Errors: the producer's.
  base::Status commit(sources::TransactionalProducer& producer, std::span<const Change> changes);

  // Lets the store drop what is no longer current, where it does not do so by itself, once that is most of
  // the topic. For who writes.
  base::Status tidy();

 private:
  void begin_anew(const std::string& topic_id);
  base::Status read_on(sources::Offset end);
  void take(const std::string& key, std::optional<std::string> value);
  base::Status check_size() const;

  const std::shared_ptr<sources::EventStore> store_;
  const std::string topic_;
  std::map<std::string, std::string> entries_;
  std::string topic_id_;  // of what was read: another one is another journal
  sources::Offset position_ = 0;
  std::int64_t records_ = 0;  // read and written since the topic was last tidied
  std::size_t bytes_ = 0;
};

}  // namespace offtake::targets::journal
