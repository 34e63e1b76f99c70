#include "operators/targets/journal/journal.h"

namespace offtake::targets::journal {
namespace {

using namespace std::chrono_literals;

constexpr int kPartition = 0;
constexpr auto kPollFor = 500ms;
constexpr int kAttempts = 3;
constexpr std::int64_t kTidyFrom = 2'000, kTidyTimes = 10;  // records, and for each entry

}  // namespace

std::string topic_of(const std::string& product_uid) {
  return "_offtake.state." + product_uid;
}

std::string shown_topic_of(const std::string& product_uid) {
  return topic_of(product_uid.empty() ? "<uid of the product>" : product_uid);
}

base::Status create(sources::EventStore& store, const std::string& topic, int replicas) {
  if (store.describe(topic)) return {};
  sources::TopicSpec spec;
  spec.topic = topic;
  spec.partitions = 1;
  spec.replicas = replicas;
  spec.cleanup = sources::CleanupPolicy::kCompact;
  auto made = store.create_topic(spec);
  if (!made && made.error().code == "TopicExists") return {};
  return made;
}

const std::string* Journal::find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

void Journal::take(const std::string& key, std::optional<std::string> value) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    bytes_ -= key.size() + found->second.size();
    entries_.erase(found);
  }
  if (!value) return;
  bytes_ += key.size() + value->size();
  entries_.emplace(key, *std::move(value));
}

base::Status Journal::check_size() const {
  if (bytes_ <= kMaxBytes) return {};
  return base::terminal("JournalTooLarge", fmt::format("topic '{}' holds more than {} MiB of what is current",
                                                       topic_, kMaxBytes >> 20));
}

void Journal::begin_anew(const std::string& topic_id) {
  entries_.clear();
  topic_id_ = topic_id;
  position_ = records_ = 0;
  bytes_ = 0;
}

base::Status Journal::refresh() {
  for (int attempt = 1;; ++attempt) {
    auto topic = store_->describe(topic_);
    if (!topic && topic.error().code == "TopicMissing") {
      begin_anew("");
      return {};
    }
    if (!topic) return std::move(topic).error();
    if (topic->topic_id != topic_id_) begin_anew(topic->topic_id);
    auto bounds = store_->bounds(topic_);
    if (!bounds) return std::move(bounds).error();
    const sources::PartitionBounds& bound = (*bounds)[kPartition];
    // What was dropped before its tombstone was seen would be kept for ever.
    if (position_ < bound.earliest) {
      begin_anew(std::string(topic_id_));
      position_ = bound.earliest;
    }
    auto read = read_on(bound.high_watermark);
    // It was tidied in between.
    if (read || read.error().code != "OffsetOutOfRange" || attempt == kAttempts) return read;
  }
}

base::Status Journal::read_on(sources::Offset end) {
  if (position_ >= end) return {};
  auto reader = store_->read(topic_, {{kPartition, position_}}, {{kPartition, end}}, {});
  if (!reader) return std::move(reader).error();
  const auto deadline = std::chrono::steady_clock::now() + sources::kTransactionTimeout + 10s;
  while (!(*reader)->finished()) {
    auto batch = (*reader)->poll(kPollFor);
    if (!batch) return std::move(batch).error();
    if (batch->has_value()) {
      for (const sources::Record& record : (*batch)->records) {
        ++records_;
        if (!record.key) continue;  // not one of ours
        take(std::string(*record.key),
             record.value ? std::optional<std::string>(*record.value) : std::nullopt);
      }
      position_ = (*batch)->position;
      if (auto fits = check_size(); !fits) return fits;
    } else if (std::chrono::steady_clock::now() > deadline) {
      return base::transient(
          "JournalNotRead",
          fmt::format("topic '{}' was not read to its end within {} s: a transaction is open there", topic_,
                      (sources::kTransactionTimeout + 10s).count()));
    }
  }
  position_ = end;
  return {};
}

base::Status Journal::tidy() {
  if (records_ < kTidyFrom + kTidyTimes * static_cast<std::int64_t>(entries_.size())) return {};
  records_ = static_cast<std::int64_t>(entries_.size());
  return store_->rewrite_compacted(topic_);
}

base::Status Journal::commit(sources::TransactionalProducer& producer, std::span<const Change> changes) {
  std::vector<sources::NewRecord> records;
  records.reserve(changes.size());
  for (const Change& change : changes) {
    sources::NewRecord record;
    record.key = change.key;
    record.value = change.value;
    record.partition = kPartition;
    records.push_back(std::move(record));
  }
  if (auto appended = producer.append(topic_, records); !appended) return appended;
  if (auto committed = producer.commit(); !committed) return committed;
  for (const Change& change : changes) take(change.key, change.value);
  records_ += static_cast<std::int64_t>(changes.size());
  return check_size();
}

}  // namespace offtake::targets::journal
