// The records that a ledger's entries speak of, read again from their sources: bytes are kept nowhere else.
#pragma once
#include <functional>
#include <span>

#include "operators/delivery/ledger_desk.h"
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

// One record alone; `record` without any where its source no longer has it.
struct RecordAgain {
  const targets::LedgerEntry& entry;
  int source = 0;
  const sources::RecordBatch& record;
  sources::RecordDecoder& decoder;
};

// Hands over the record of each entry, by dataset, partition and offset. Ends with what `take` says, the
// sources' errors, or Drained. Entries of datasets that are not read are passed over.
base::Status read_again(const Pipeline& pipeline, std::span<const targets::LedgerEntry> entries,
                        std::stop_token stop, const std::function<base::Status(const RecordAgain&)>& take);

// Pushes the records of `entries`, all of which decoded before.
base::Status push_again(const Pipeline& pipeline, std::span<const targets::LedgerEntry> entries,
                        engine::Dataflow& dataflow, std::stop_token stop);

// As it may be shown.
base::Result<ShownRecord> show_again(const Pipeline& pipeline, const targets::LedgerEntry& entry,
                                     std::stop_token stop);

}  // namespace offtake::delivery
