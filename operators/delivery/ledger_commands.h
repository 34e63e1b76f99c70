// Carries out `errors replay` and `errors discard` on a book and a dataflow, between two epochs; what the
// target keeps by itself is the clerk's (ledger_clerk.h).
//   replay    of each key that is asked for, its records in order from the first parked one on: those that
//             decode now come in, up to the first that does not
//   discard   entries that are parked for themselves are left out for good, and those behind them come in;
//             a waiting one that is named is left out when its turn comes
#pragma once
#include "operators/delivery/ledger_book.h"
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

struct CommandResult {
  targets::LedgerOutcome outcome;
  bool pushed = false;  // the dataflow has something to run
};

// What it changed is in the book; `epoch` is the one that commits it. A source that is away ends it early,
// with a note: what came before that counts. After an error the attempt has to end.
base::Result<CommandResult> carry_out(const Pipeline& pipeline, const targets::LedgerCommand& command,
                                      LedgerBook& book, engine::Dataflow& dataflow, std::int64_t epoch,
                                      std::stop_token stop);

}  // namespace offtake::delivery
