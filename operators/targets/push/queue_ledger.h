// Messages that were not taken, as entries of the ledger (kind Output): the head of a key's queue is Parked
// or Retrying, those behind it are Waiting. Pure.
#pragma once
#include <set>

#include "operators/targets/ledger.h"
#include "operators/targets/push/retry_queues.h"

namespace offtake::targets::push {

// Whether a column of the key is classified.
bool hides_keys(const TableSpec& table);
// How a message that is still there was answered.
std::string note_of(const Unsent& message);

// At most `limit`, every queue's head first. `classified`: keys are shown to nobody.
LedgerEntries entries_of(const RetryQueues& queues, bool classified, std::size_t limit);

// What a command does to the queues; to be written to the journal, or the queues be loaded again.
struct QueueCommand {
  std::vector<journal::Change> changes;
  std::set<std::string> keys;  // whose heads are to be tried now
  std::int64_t discarded = 0;
};
//   replay    the queues of what is asked for are tried from their heads on, as if never before
//   discard   of what is asked for: parked ones, and those that are named; those behind them come next
QueueCommand apply(const LedgerCommand& command, bool classified, RetryQueues& queues);

}  // namespace offtake::targets::push
