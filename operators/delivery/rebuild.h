// How a starting worker gets back the state that belongs to a control row.
#pragma once
#include "operators/delivery/checkpoint_store.h"
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

// `ledger`: as of the control row. It decides what is left out; nothing is parked anew.

// Rebuilds the state of a stateful plan from the start offsets to the control row's. StateLost (terminal)
// when what comes out is not what the target holds.
base::Result<std::unique_ptr<engine::Dataflow>> replay(const Pipeline& pipeline,
                                                       const targets::ControlRow& control,
                                                       const targets::LedgerEntries& ledger,
                                                       std::stop_token stop);

// Reads a checkpoint back and takes in what was committed after it; the output is discarded, for the target
// has it. CheckpointUnusable (terminal) where its state cannot be read, or what comes out is not what the
// target holds.
base::Result<std::unique_ptr<engine::Dataflow>> restore(
    const Pipeline& pipeline, const CheckpointStore& store, const CheckpointManifest& checkpoint,
    const targets::ControlRow& control, const targets::LedgerEntries& ledger, std::stop_token stop);

}  // namespace offtake::delivery
