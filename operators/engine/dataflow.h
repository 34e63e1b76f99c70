// The incremental dataflow: runs a plan over changelogs. What goes in are decoded records; what comes out is,
// per epoch, the net change of the result in the target's value space, at most one change a key.
//
// Invariant: the sum of all outputs equals the plan over the sum of all inputs (tests/unit/engine).
// One thread calls a Dataflow. Errors returned are bugs or limits (MemoryExceeded); what a row does wrong is
// an error row.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "operators/plan/plan.h"
#include "schemas/types/batch.h"

namespace offtake::engine {

class StateWriter;
class StateReader;

// Decoded records of one partition, in offset order. Columns are those of SourceUse::columns.
struct SourceBatch {
  int partition = 0;
  types::Batch rows;                        // weights empty; a tombstone's row is all NULL
  std::vector<std::int64_t> offsets;        // one a row
  std::vector<std::int64_t> timestamps_ms;  // one a row
  // Entity datasets only: the decoded record key in canonical bytes, and whether the row is a tombstone.
  types::ColumnPtr identity;                // bytea
  std::vector<types::Type> identity_types;  // what those bytes are made of, for messages; may be empty
  std::vector<std::uint8_t> tombstone;
  // Event datasets: records that were left out because they have no value, or a timestamp before the history
  // window; and rows whose event time is NULL.
  std::size_t skipped_nulls = 0, before_window = 0, null_event_times = 0;
};

// An expression that raised, kept with its weight and retracted with its inputs.
struct ErrorRow {
  std::string message;    // PostgreSQL's: "division by zero"
  std::string operation;  // "filter", "project"
  std::string row;        // the key or the row's text, for the message
  int source = -1;        // stateless plans: where the record lies
  int partition = -1;
  std::int64_t offset = -1;
  std::int64_t weight = 1;
};

// Two distinct rows claim one key of an unproved identity; or two record keys of an entity dataset show one
// declared key.
struct KeyViolation {
  std::string dataset;        // "shop/customers" where it is a dataset's declared key; else empty
  std::string key;            // "order_id=7"
  std::string first, second;  // the rows; of a dataset the record keys and where they lie
  int partition = -1;         // stateless plans
  std::int64_t offset = -1;
};

// Net changes of one epoch. A key occurs at most once in upserts and, if not there, once in deletes.
struct Changes {
  // Visible columns of rows that are new or changed, and their hidden identity where there is one:
  // kPosition: three columns (int4 partition, int8 offset, int4 ordinal); kBag: two (bytea 16 bytes, int8 n).
  types::Batch upserts;
  std::vector<types::ColumnPtr> upsert_identity;
  // Key columns (kProvedKey, kWatchedKey) or hidden identity of rows that are gone.
  types::Batch deletes;
  // DataflowOptions::old_rows: the visible columns of what was in the target, first of upserts[new_rows..],
  // then of `deletes`, in their order. Else empty.
  types::Batch old_rows;
  // Sum over the net change of the visible result: what to add to the control row.
  types::Checksum checksum;
  // So many rows at the start of upserts have keys that are not in the target, once `deletes` are gone. A
  // target that finds one there has a key violation before it.
  std::size_t new_rows = 0;
  bool insert_only() const { return new_rows == upserts.rows; }
  bool empty() const { return upserts.rows == 0 && deletes.rows == 0; }
};

// Turns visible rows into the target's value space (rounded, refused). Rows it refuses become error rows.
struct Image {
  virtual ~Image() = default;
  struct Refusal {
    std::uint32_t row;
    std::string message;
  };
  virtual base::Result<types::Batch> apply(const types::Batch& rows, std::vector<Refusal>& refused) const = 0;
};

struct DataflowOptions {
  std::shared_ptr<const Image> image;  // null: rows as they are
  std::size_t memory_limit_bytes = 0;  // 0: none. Beyond it push returns MemoryExceeded (transient)
  bool old_rows = false;               // Changes::old_rows is filled
};

class Dataflow {
 public:
  static base::Result<std::unique_ptr<Dataflow>> build(const plan::Plan& plan, DataflowOptions options);
  virtual ~Dataflow() = default;

  // Takes records of `source`. Bulk mode (from the start until finish_bulk): state is built, nothing is
  // emitted; a stateless plan emits at once.
  virtual base::Status push(int source, const SourceBatch& batch) = 0;
  // A stateless plan in bulk mode: what the pushes so far gave, in pieces of some thousand rows; drained.
  virtual base::Result<Changes> take_stateless() = 0;
  // Ends bulk mode: hands the whole result to `sink` in pieces of some thousand rows, each key once.
  virtual base::Status finish_bulk(const std::function<base::Status(Changes&&)>& sink) = 0;
  // Live: runs everything pushed since the last step to quiescence.
  virtual base::Result<Changes> step() = 0;

  // Error rows with a weight that is not zero, and key violations, as of now. At most `limit`.
  virtual std::vector<ErrorRow> error_rows(std::size_t limit) const = 0;
  virtual std::vector<KeyViolation> key_violations(std::size_t limit) const = 0;
  // Whether some key of an entity dataset was read from more than one partition.
  virtual bool key_spans_partitions(int source) const = 0;
  virtual std::size_t state_bytes() const = 0;

  // The whole state as a stream (state_stream.h). REQUIRES: live, and nothing was pushed since the last step.
  virtual base::Status save(StateWriter& out) const = 0;
  // Into a dataflow that was just built for the same plan and image: from here on every step gives what those
  // of the saved one would. Errors: StateDamaged (terminal), MemoryExceeded, and those of the stream; the
  // dataflow is of no more use then.
  virtual base::Status restore(StateReader& in) = 0;
};

}  // namespace offtake::engine
