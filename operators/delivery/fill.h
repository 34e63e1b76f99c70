// The backfill of a revision: from the start offsets to the cut, into the shadow object.
#pragma once
#include "operators/delivery/pipeline.h"

namespace offtake::delivery {

// What a fill begins with; becomes the control row.
struct FillStart {
  targets::ControlRow row;  // identity, owner, fingerprint, start instant; offsets are filled in
  // Windowed sources: where they start. Others start at their earliest record.
  targets::SourceOffsets start;
  bool resume = false;  // a stateless fill goes on in the shadow that is there
  // Its own where it resumes; and what the revision before discarded.
  std::vector<targets::LedgerEntry> ledger;
};

// What live delivery goes on from.
struct Filled {
  targets::ControlRow control;
  // The state at the cut; null for a plan without state.
  std::unique_ptr<engine::Dataflow> dataflow;
  std::vector<targets::LedgerEntry> ledger;  // at the cut
};

// Records the cut, reads up to it, loads, builds keys and indexes, proves. The public view is not touched.
// Errors: those of the pieces; RecordNotDecoded, RowError and KeyNotUnique leave the shadow behind for the
// next attempt to drop; Drained when `stop` was requested.
base::Result<Filled> run_fill(const Pipeline& pipeline, FillStart start, std::stop_token stop);

// Compares the table with the control row; VerificationFailed (terminal) says both.
base::Status verify(const Pipeline& pipeline, std::stop_token stop);

}  // namespace offtake::delivery
