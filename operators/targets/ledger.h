// The ledger of a revision: what its content is without. Kept in the target, in the transaction of the epoch
// that changes it (correctness: "Bad records: the ledger"). Plain data; no text in it that is
// shown holds a value of a record, save the key.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "operators/sources/event_store.h"
#include "schemas/types/batch.h"

namespace offtake::targets {

struct LedgerEntry {
  // Input: a record that is left out. Output: a row that the target did not take. ErrorRow: an expression
  // that raised. Key: rows that claim one key.
  enum class Kind { kInput, kOutput, kErrorRow, kKey };
  // Waiting: a record behind a parked one of its key. Retrying: an output that is tried again by itself.
  // Replayed: a record that came in later, with `epoch`; for who rebuilds the state of an earlier one.
  enum class Status { kParked, kWaiting, kRetrying, kDiscarded, kReplayed };

  std::string id;  // stable: of what the entry is about
  Kind kind = Kind::kInput;
  Status status = Status::kParked;
  std::string dataset;  // Input: "namespace/name"
  int partition = -1;
  sources::Offset offset = -1;
  std::string key_digest;  // tells keys apart; empty: a record without key
  std::string key;         // as it may be shown
  std::string code, error;
  std::int64_t epoch = 0;  // of the last change
  base::Micros at = 0;     // likewise
  // Output: what the table shows under the key and what it should; content = table - delivered + wanted.
  types::Checksum delivered, wanted;
  std::string wanted_row;  // as the target writes it again, in its own words
  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};
std::string_view to_string(LedgerEntry::Kind kind);
std::string_view to_string(LedgerEntry::Status status);
base::Result<LedgerEntry::Kind> ledger_kind_from(std::string_view text);
base::Result<LedgerEntry::Status> ledger_status_from(std::string_view text);

// Whether it still keeps something out of the content.
bool is_open(const LedgerEntry& entry);

// "in-3f0c…": of a record; of an error by what it says.
std::string id_of_input(const std::string& dataset, int partition, sources::Offset offset);
std::string id_of_text(LedgerEntry::Kind kind, std::string_view text);

// Net: no id is in both.
struct LedgerChanges {
  std::vector<LedgerEntry> put;     // new ones, and those that replace the entry of their id
  std::vector<std::string> remove;  // ids
  bool empty() const { return put.empty() && remove.empty(); }
  friend bool operator==(const LedgerChanges&, const LedgerChanges&) = default;
};

// Entries by id, for targets that keep the ledger beside the control row.
using LedgerEntries = std::map<std::string, LedgerEntry>;
void apply(const LedgerChanges& changes, LedgerEntries& entries);
// What makes `after` of `before`.
LedgerChanges changes_between(const LedgerEntries& before, const LedgerEntries& after);

// What `offtake errors replay|discard` asks for. Everything that is given must fit; `all` alone: every entry.
struct LedgerCommand {
  enum class Verb { kReplay, kDiscard };
  Verb verb = Verb::kReplay;
  std::vector<std::string> ids;
  std::string key;  // as shown
  std::string dataset;
  bool all = false;
};
bool selects(const LedgerCommand& command, const LedgerEntry& entry);

// What became of a command.
struct LedgerOutcome {
  std::int64_t replayed = 0, discarded = 0;
  std::int64_t still_parked = 0;   // could not be taken in now either
  std::vector<std::string> notes;  // why; a few
};

}  // namespace offtake::targets
