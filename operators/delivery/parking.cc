#include "operators/delivery/parking.h"

#include <algorithm>

namespace offtake::delivery {

using targets::LedgerEntry;

// What one batch would change.
struct SourceParking::Batch {
  sources::RecordBatch kept;
  std::vector<ParkedRecord> parked;
  std::set<std::string> keys;
  std::size_t bad = 0, keyless = 0;
};

SourceParking::SourceParking(std::string dataset, const Parking& parking, const sources::OffsetVector& from)
    : dataset_(std::move(dataset)), mode_(parking.mode), most_entries_(parking.most_entries) {
  if (parking.ledger == nullptr) return;
  for (const auto& [id, entry] : *parking.ledger) {
    if (entry.kind != LedgerEntry::Kind::kInput || entry.dataset != dataset_) continue;
    if (entry.status != LedgerEntry::Status::kReplayed) left_out_.emplace(entry.partition, entry.offset);
    if (!is_open(entry)) continue;
    ++entries_;
    if (entry.key_digest.empty()) {
      ++keyless_;
    } else {
      keys_.insert(entry.key_digest);
    }
    // A reader that starts again goes on counting: what was parked shortly before counts as just read.
    const auto reached = from.find(entry.partition);
    if (entry.status == LedgerEntry::Status::kParked && reached != from.end() &&
        entry.offset + static_cast<sources::Offset>(kWindow) > reached->second) {
      bad_.push_back(records_);
    }
  }
}

base::Result<SourceParking::Decoded> SourceParking::decode(const sources::RecordBatch& records,
                                                           sources::RecordDecoder& decoder) {
  Batch batch;
  batch.kept.partition = records.partition;
  batch.kept.position = records.position;
  batch.kept.owner = records.owner;
  batch.kept.bytes = records.bytes;
  sort_out(records, decoder, batch);
  for (;;) {
    auto rows = decoder.decode(batch.kept);
    if (rows) {
      if (auto within = check_limits(batch); !within) return std::move(within).error();
      take(batch);
      records_ += records.records.size();
      std::sort(batch.parked.begin(), batch.parked.end(),
                [](const ParkedRecord& a, const ParkedRecord& b) { return a.offset < b.offset; });
      return Decoded{*std::move(rows), std::move(batch.parked)};
    }
    const std::optional<sources::BadRecord> bad = decoder.bad_record();
    if (rows.error().retry != base::Retry::kRow || !bad || mode_ != ParkingMode::kPark) {
      return std::move(rows).error();
    }
    if (auto parked = park(*bad, decoder, batch); !parked) return std::move(parked).error();
  }
}

bool SourceParking::waits(const Batch& batch, const std::string& digest) const {
  return keys_.contains(digest) || batch.keys.contains(digest);
}

void SourceParking::sort_out(const sources::RecordBatch& records, sources::RecordDecoder& decoder,
                             Batch& batch) const {
  if (left_out_.empty() && keys_.empty()) {
    batch.kept.records = records.records;
    return;
  }
  const bool queues = mode_ != ParkingMode::kAsOf && !keys_.empty();
  for (const sources::Record& record : records.records) {
    if (left_out_.contains({records.partition, record.offset})) continue;
    if (queues) {
      if (auto key = decoder.key_of(record); key && keys_.contains(key->digest)) {
        batch.parked.push_back({records.partition, record.offset, *std::move(key), ""});
        continue;
      }
    }
    batch.kept.records.push_back(record);
  }
}

// The bad record and, of its key, those after it.
base::Status SourceParking::park(const sources::BadRecord& bad, sources::RecordDecoder& decoder,
                                 Batch& batch) const {
  auto& kept = batch.kept.records;
  const auto at = std::find_if(kept.begin(), kept.end(),
                               [&](const sources::Record& record) { return record.offset == bad.offset; });
  if (at == kept.end()) return base::internal("a record that was not asked for does not decode");
  const auto key = decoder.key_of(*at);
  const auto first_behind = kept.erase(at);
  batch.parked.push_back({batch.kept.partition, bad.offset, key.value_or(sources::RecordKey{}), bad.why});
  ++batch.bad;
  if (!key) {
    ++batch.keyless;
    return check_limits(batch);
  }
  batch.keys.insert(key->digest);
  const auto behind = std::stable_partition(first_behind, kept.end(), [&](const sources::Record& record) {
    const auto other = decoder.key_of(record);
    return !other || other->digest != key->digest;
  });
  for (auto record = behind; record != kept.end(); ++record) {
    batch.parked.push_back({batch.kept.partition, record->offset, *key, ""});
  }
  kept.erase(behind, kept.end());
  return check_limits(batch);
}

base::Status SourceParking::check_limits(const Batch& batch) const {
  const auto too_many = [&](std::string what) {
    return base::row_error("TooManyParked", fmt::format("dataset {}: {}", dataset_, std::move(what)))
        .with_hint("put right what writes them; then `offtake errors replay`, or discard them");
  };
  std::size_t keys = keys_.size() + keyless_ + batch.keyless;
  for (const auto& key : batch.keys) keys += keys_.contains(key) ? 0 : 1;
  if (keys > kMostKeys) return too_many(fmt::format("more than {} keys are parked", kMostKeys));
  const std::size_t recent =
      batch.bad + static_cast<std::size_t>(std::count_if(
                      bad_.begin(), bad_.end(), [&](std::uint64_t at) { return at + kWindow > records_; }));
  if (batch.bad > 0 && recent > kMostBad) {
    return too_many(fmt::format("more than {} of the last {} records do not decode", kMostBad, kWindow));
  }
  if (!batch.parked.empty() && most_entries_ != 0 && entries_ + batch.parked.size() > most_entries_) {
    return too_many(fmt::format("more than {} records are parked or wait", most_entries_));
  }
  return {};
}

void SourceParking::take(const Batch& batch) {
  entries_ += batch.parked.size();
  keyless_ += batch.keyless;
  keys_.insert(batch.keys.begin(), batch.keys.end());
  for (std::size_t i = 0; i < batch.bad; ++i) bad_.push_back(records_);
  while (!bad_.empty() && bad_.front() + kWindow <= records_) bad_.pop_front();
}

}  // namespace offtake::delivery
