// Rows that a store refused, as entries (kind Output) of the ledger in the control row: the content is what
// was delivered, the store holds what stood there before. Pure.
//
// A replay is its own intent: its entries are Retrying until the rows are written, so that whoever finds them
// so writes them again, at the version of the epoch they are of.
#pragma once
#include <set>

#include "operators/targets/intent/row_store.h"

namespace offtake::targets::intent {

// They are kept in the control document.
inline constexpr std::size_t kMostRefused = 1'000;
inline constexpr std::size_t kMostRefusedBytes = 8 << 20;

// What one epoch does to the entries: those of the rows it wrote go, `refused` come. Code TooManyParked (row)
// where that would be too many.
base::Status take_refused(const std::vector<RefusedRow>& refused, const std::vector<std::string>& written,
                          std::int64_t epoch, LedgerEntries& entries);

// The entries of kind Output, and the others.
LedgerEntries outputs_of(const LedgerEntries& entries);
std::vector<LedgerEntry> without_outputs(std::vector<LedgerEntry> entries);

// What the store holds, as it would be without refusals.
types::Checksum as_delivered(types::Checksum stored, const LedgerEntries& entries);

// Marks what a command is about: Discarded, or Retrying. Gives how many.
std::int64_t mark(const LedgerCommand& command, LedgerEntries& entries);
bool any_retrying(const LedgerEntries& entries);
std::vector<RowAgain> to_write_again(const LedgerEntries& entries);
// Those that were retried are taken but for `refused`.
LedgerOutcome end_retries(const std::vector<RefusedRow>& refused, LedgerEntries& entries);

}  // namespace offtake::targets::intent
