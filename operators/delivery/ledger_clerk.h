// Keeps the ledger of what is delivered live: the book, the entries that the target changes by itself, the
// numbers in the status; and answers at the desk. One thread, that which delivers.
#pragma once
#include <functional>

#include "operators/delivery/ledger_book.h"
#include "operators/delivery/ledger_desk.h"
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

class LedgerClerk {
 public:
  // REQUIRES: `pipeline` outlives it.
  LedgerClerk(const Pipeline& pipeline, std::vector<targets::LedgerEntry> entries)
      : pipeline_(pipeline), book_(std::move(entries), pipeline.traits.ledger_entries) {}

  LedgerBook& book() { return book_; }

  // The book, as of the epoch that was committed last.
  void show();
  // What the target changed by itself; looked at once a second, or at once.
  void look_at_outputs(bool at_once = false);

  // One request, between two epochs. `carry_out` is of the records; its code LedgerBusy: nothing was done.
  // Error: the attempt has to end.
  using CarryOut = std::function<base::Result<targets::LedgerOutcome>(const targets::LedgerCommand&)>;
  base::Status serve(const CarryOut& carry_out, std::stop_token stop);
  // One request, while an epoch waits to be committed: only what is the target's own.
  base::Status serve_outputs(std::stop_token stop);

 private:
  base::Result<LedgerDesk::Answer> show_entry(const std::string& id, std::stop_token stop) const;
  base::Status add_outputs(const targets::LedgerCommand& command, targets::LedgerOutcome& outcome);

  const Pipeline& pipeline_;
  LedgerBook book_;
  targets::LedgerEntries outputs_;
  std::chrono::steady_clock::time_point look_after_{};
};

}  // namespace offtake::delivery
