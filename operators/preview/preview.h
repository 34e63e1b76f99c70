// A look at what a plan would give, over the newest records of its driving source: the real engine, bounded
// in records, bytes and time; nothing is written anywhere.
//
// The driving source (the first one that the history window cuts, else the first one) is read newest first.
// What it joins is then looked for newest first by the values of the join's columns, which the engine itself
// computes from the rows at hand: node by node through the plan (gather.h). A look-up ends when every wanted
// key was found, at the topic's beginning, or when its time is over, and the answer says which.
//
// Runs on the calling thread. Errors: what a store, a registry or a schema says; Cancelled (terminal) when
// nobody waits for the answer any more. What a row or record does wrong is in the answer.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operators/engine/dataflow.h"
#include "operators/plan/plan.h"
#include "operators/sources/decode.h"
#include "operators/sources/event_store.h"

namespace offtake::preview {

struct Source {
  std::string dataset;  // "namespace/name"
  std::string topic;
  std::shared_ptr<sources::EventStore> store;
  std::function<base::Result<std::unique_ptr<sources::RecordDecoder>>()> make_decoder;
};

struct Limits {
  std::size_t rows = 20;                         // that are shown
  std::size_t records = 8'000;                   // of the driving source
  std::size_t records_since = 50'000;            // of it, where a time is given to go back to
  std::size_t bytes = 32 << 20;                  // of a piece that is read, and of what is kept of one source
  std::size_t state_bytes = 128 << 20;           // of the engine
  std::chrono::milliseconds lookup_time{2'000};  // for one look-up
  std::chrono::milliseconds driving_time{5'000};  // for reading the driving source
  std::chrono::milliseconds growing_time{4'000};  // after it no larger sample is tried
  std::chrono::milliseconds total_time{15'000};   // for everything that is read
};

struct Input {
  const plan::Plan* plan = nullptr;
  std::shared_ptr<const engine::Image> image;  // null: rows as they are
  std::vector<Source> sources;                 // as plan->sources
  std::optional<base::Micros> since;  // read the driving source back to here; else until rows are had
  Limits limits;
  std::function<bool()> wanted;  // whether somebody still waits; asked some times a second; null: always
};

enum class Role {
  kDriving,   // its newest records
  kLookedUp,  // just the wanted keys
  kScanned,   // its newest records, as the join has no columns to look for
  kUnread,    // nothing was wanted of it
};
std::string_view to_string(Role role);

// What was read of one source.
struct SourceReport {
  Role role = Role::kUnread;
  std::int64_t records = 0;                // that were read
  std::int64_t kept = 0;                   // that took part
  sources::OffsetVector from, until;       // what was read, by partition
  std::optional<std::int64_t> back_to_ms;  // the earliest timestamp among them
  bool whole = false;                      // back to the topic's first record
  std::int64_t wanted_keys = 0, found_keys = 0;
  bool complete = false;  // nothing further back could change the rows shown
  bool time_over = false;
  std::vector<std::string> notes;
};

struct Preview {
  types::Batch rows;           // of plan->root->output, in the target's image
  std::size_t rows_found = 0;  // before the limit
  bool more_rows = false;      // there were more than were counted
  std::vector<engine::ErrorRow> errors;
  std::vector<engine::KeyViolation> violations;
  std::vector<std::string> bad_records;  // that do not decode; at most some
  std::int64_t bad_records_count = 0;
  std::vector<SourceReport> sources;  // as plan->sources
  bool aggregates_sample = false;     // groups are of what was read, not of all
};

base::Result<Preview> run(const Input& input);

}  // namespace offtake::preview
