#include "operators/delivery/ledger_book.h"

#include <algorithm>
#include <set>

namespace offtake::delivery {
namespace {

using targets::LedgerEntry;
using Kind = LedgerEntry::Kind;
using Status = LedgerEntry::Status;

constexpr std::size_t kReplayedKept = 1'000;

std::string place_of(int partition, std::int64_t offset) {
  return partition < 0 ? std::string() : fmt::format(" (partition {}, offset {})", partition, offset);
}

LedgerEntry entry_of(const engine::ErrorRow& row) {
  LedgerEntry out;
  out.kind = Kind::kErrorRow;
  out.id = id_of_text(out.kind, fmt::format("{}\n{}\n{}\n{}\n{}\n{}", row.operation, row.message, row.row,
                                            row.source, row.partition, row.offset));
  out.partition = row.partition;
  out.offset = row.offset;
  out.key = row.row;
  out.code = "RowError";
  out.error = fmt::format("{} in {}{}", row.message, row.operation, place_of(row.partition, row.offset));
  return out;
}

LedgerEntry entry_of(const engine::KeyViolation& violation) {
  LedgerEntry out;
  out.kind = Kind::kKey;
  // Who claims it may change while it stays claimed twice.
  out.id = id_of_text(out.kind, violation.dataset + "\n" + violation.key);
  out.dataset = violation.dataset;
  out.partition = violation.partition;
  out.offset = violation.offset;
  out.key = violation.key;
  out.code = "KeyNotUnique";
  out.error = violation.dataset.empty()
                  ? fmt::format("two rows claim it: {} and {}", violation.first, violation.second)
                  : fmt::format("two record keys show it: {} and {}", violation.first, violation.second);
  return out;
}

bool of_engine(const LedgerEntry& entry) {
  return entry.kind == Kind::kErrorRow || entry.kind == Kind::kKey;
}

}  // namespace

LedgerCounts count(const targets::LedgerEntries& entries) {
  LedgerCounts out;
  for (const auto& [id, entry] : entries) {
    if (of_engine(entry)) {
      ++out.error_rows;
    } else if (entry.status == Status::kDiscarded) {
      ++out.discarded;
    } else if (entry.status == Status::kWaiting) {
      ++out.waiting;
    } else if (entry.status == Status::kRetrying) {
      ++out.retrying;
    } else if (entry.status != Status::kReplayed) {
      ++out.parked;
    }
  }
  return out;
}

LedgerCounts& LedgerCounts::operator+=(const LedgerCounts& other) {
  parked += other.parked;
  waiting += other.waiting;
  retrying += other.retrying;
  discarded += other.discarded;
  error_rows += other.error_rows;
  return *this;
}

LedgerBook::LedgerBook(std::vector<LedgerEntry> entries, std::size_t most) : most_(most) {
  for (auto& entry : entries) {
    std::string id = entry.id;
    entries_.emplace(std::move(id), std::move(entry));
  }
}

void LedgerBook::note(const std::string& id) {
  const auto there = entries_.find(id);
  before_.try_emplace(id, there == entries_.end() ? std::nullopt : std::optional(there->second));
}

void LedgerBook::put(LedgerEntry entry) {
  note(entry.id);
  entries_[entry.id] = std::move(entry);
}

void LedgerBook::remove(const std::string& id) {
  note(id);
  entries_.erase(id);
}

void LedgerBook::take(const std::string& dataset, const std::vector<ParkedRecord>& parked, std::int64_t epoch,
                      base::Micros now) {
  for (const auto& record : parked) {
    LedgerEntry entry;
    entry.id = targets::id_of_input(dataset, record.partition, record.offset);
    entry.status = record.waits() ? Status::kWaiting : Status::kParked;
    entry.dataset = dataset;
    entry.partition = record.partition;
    entry.offset = record.offset;
    entry.key_digest = record.key.digest;
    entry.key = record.key.text;
    if (!record.waits()) entry.code = "RecordNotDecoded";
    entry.error = record.error;
    entry.epoch = epoch;
    entry.at = now;
    put(std::move(entry));
  }
}

base::Status LedgerBook::take_errors(const engine::Dataflow& dataflow, bool keeps, std::int64_t epoch,
                                     base::Micros now) {
  std::vector<LedgerEntry> found;
  for (const auto& row : dataflow.error_rows(most_ + 1)) found.push_back(entry_of(row));
  for (const auto& violation : dataflow.key_violations(most_ + 1)) found.push_back(entry_of(violation));
  if (found.size() > most_) {
    return base::row_error("TooManyParked", fmt::format("more than {} rows are in error; one of them: {}",
                                                        most_, found.front().error))
        .with_hint("correct the records at their source, or guard the expression in spec.sql (CASE, NULLIF)");
  }
  std::set<std::string> ids;
  for (auto& entry : found) {
    ids.insert(entry.id);
    const auto known = entries_.find(entry.id);
    if (known != entries_.end() && known->second.error == entry.error) continue;
    entry.epoch = epoch;
    entry.at = now;
    put(std::move(entry));
  }
  if (keeps) return {};
  std::vector<std::string> gone;
  for (const auto& [id, entry] : entries_) {
    if (of_engine(entry) && !ids.contains(id)) gone.push_back(id);
  }
  for (const auto& id : gone) remove(id);
  return {};
}

void LedgerBook::forget_replayed() {
  std::vector<std::pair<std::int64_t, std::string>> replayed;
  for (const auto& [id, entry] : entries_) {
    if (entry.status == Status::kReplayed) replayed.emplace_back(entry.epoch, id);
  }
  if (replayed.size() <= kReplayedKept) return;
  std::sort(replayed.begin(), replayed.end());
  replayed.resize(replayed.size() - kReplayedKept);
  for (const auto& [epoch, id] : replayed) remove(id);
}

const targets::LedgerChanges& LedgerBook::changes() {
  changes_ = {};
  for (const auto& [id, before] : before_) {
    const auto now = entries_.find(id);
    if (now == entries_.end()) {
      if (before) changes_.remove.push_back(id);
    } else if (!before || !(*before == now->second)) {
      changes_.put.push_back(now->second);
    }
  }
  return changes_;
}

void LedgerBook::committed() {
  before_.clear();
  changes_ = {};
}

}  // namespace offtake::delivery
