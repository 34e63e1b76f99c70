// The ledger of the revision that is delivered, and what of it has yet to be committed. One thread.
#pragma once
#include <vector>

#include "base/clock.h"
#include "operators/delivery/inputs.h"
#include "operators/engine/dataflow.h"

namespace offtake::delivery {

// Numbers for the status.
struct LedgerCounts {
  std::int64_t parked = 0, waiting = 0, retrying = 0, discarded = 0, error_rows = 0;
  LedgerCounts& operator+=(const LedgerCounts& other);
  friend bool operator==(const LedgerCounts&, const LedgerCounts&) = default;
};
LedgerCounts count(const targets::LedgerEntries& entries);

class LedgerBook {
 public:
  // `most`: entries of rows in error that are taken; the target's limit.
  explicit LedgerBook(std::vector<targets::LedgerEntry> entries = {}, std::size_t most = 10'000);

  const targets::LedgerEntries& entries() const { return entries_; }
  void put(targets::LedgerEntry entry);
  void remove(const std::string& id);
  // What the reading side parked.
  void take(const std::string& dataset, const std::vector<ParkedRecord>& parked, std::int64_t epoch,
            base::Micros now);
  // Rows in error and keys that are claimed twice, as the engine lists them now. `keeps`: an engine without
  // state lists only what it saw itself, and nothing of it is ever taken back. Code TooManyParked (row).
  base::Status take_errors(const engine::Dataflow& dataflow, bool keeps, std::int64_t epoch,
                           base::Micros now);
  // Entries of records that came in later and that no checkpoint can need any more.
  void forget_replayed();

  // Net, since the last committed().
  const targets::LedgerChanges& changes();
  void committed();
  bool changed() const { return !before_.empty(); }

 private:
  void note(const std::string& id);
  targets::LedgerEntries entries_;
  std::size_t most_;
  // What was there before, by id; absent entries: nothing was.
  std::map<std::string, std::optional<targets::LedgerEntry>> before_;
  targets::LedgerChanges changes_;
};

}  // namespace offtake::delivery
