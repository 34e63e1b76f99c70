// Rows that a target refused, as entries (kind Output) of its ledger: the content is what was delivered, the
// table holds what stood there before. Pure.
//
// Where a replay and its entries are not one transaction it is its own intent: the entries are Retrying until
// the rows are written, so that whoever finds them so writes them again, at the version of the epoch they are
// of.
#pragma once
#include <functional>

#include "operators/targets/target.h"

namespace offtake::targets::protocol {

// They are kept in the control document, or in memory.
inline constexpr std::size_t kMostRefused = 1'000;
inline constexpr std::size_t kMostRefusedBytes = 8 << 20;

// A row that was not taken, and never will be as things are.
struct RefusedRow {
  std::string id;                     // the target's own; row_id() where it has none
  std::string key;                    // as it may be shown
  base::Error why;                    // without values
  types::Checksum delivered, wanted;  // what stands under the id, and what should
  std::string row;                    // as it was to be written, in the target's words
};
// One to be written again; where rows have versions over what is older than `version`.
struct RowAgain {
  std::string id, key, row;
  std::int64_t version = 0;
};

// Writes rows in their order; gives those that are refused again.
using WriteAgain = std::function<base::Result<std::vector<RefusedRow>>(const std::vector<RowAgain>& rows)>;

// Once more what was refused before everything else of its epoch was there: what is taken now leaves
// `refused`.
base::Status settle(std::vector<RefusedRow>& refused, const WriteAgain& write_again);

// More than may be kept.
base::Error too_many_refused(const base::Error& one);

// What one epoch does to the entries: those of the rows it wrote go, `refused` come. Code TooManyParked (row)
// where that would be too many.
base::Status take_refused(const std::vector<RefusedRow>& refused, const std::vector<std::string>& written,
                          std::int64_t epoch, LedgerEntries& entries);

// The entries of kind Output, and the others.
LedgerEntries outputs_of(const LedgerEntries& entries);
LedgerEntries outputs_of(const std::vector<LedgerEntry>& entries);
std::vector<LedgerEntry> without_outputs(std::vector<LedgerEntry> entries);
bool is_refused(const LedgerEntries& entries, const std::string& row_id);

// What the target holds, as it would be without refusals.
types::Checksum as_delivered(types::Checksum stored, const LedgerEntries& entries);

// Marks what a command is about: Discarded, or Retrying. Gives how many.
std::int64_t mark(const LedgerCommand& command, LedgerEntries& entries);
bool any_retrying(const LedgerEntries& entries);
std::vector<RowAgain> to_write_again(const LedgerEntries& entries);
// Those that were retried are taken but for `refused`.
LedgerOutcome end_retries(const std::vector<RefusedRow>& refused, LedgerEntries& entries);

// A whole command, where its rows and `entries` are written in one transaction.
base::Result<LedgerOutcome> carry_out(const LedgerCommand& command, LedgerEntries& entries,
                                      const WriteAgain& write_again);

}  // namespace offtake::targets::protocol
