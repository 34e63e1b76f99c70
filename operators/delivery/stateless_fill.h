// A fill of a plan without state: partitions are read by several threads, each with a dataflow and a loader
// of its own, and each remembers in the target how far it got.
#pragma once
#include "operators/delivery/ledger_book.h"
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

// Reads from the progress rows (or row.start_offsets) to row.cut. Sets row.content and row.last_records, and
// adds to `ledger` what the streams parked.
base::Status fill_without_state(const Pipeline& pipeline, targets::ControlRow& row, LedgerBook& ledger,
                                std::stop_token stop);

}  // namespace offtake::delivery
