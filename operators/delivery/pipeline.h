// What the delivery of one revision works with, put together by the worker. Plain references: the worker
// keeps everything alive for as long as an attempt runs.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/boot_time.h"
#include "base/clock.h"
#include "operators/delivery/progress.h"
#include "operators/engine/dataflow.h"
#include "operators/plan/plan.h"
#include "operators/sources/decode.h"
#include "operators/sources/event_store.h"
#include "operators/targets/target.h"

namespace offtake::delivery {

class Checkpoints;
class LedgerDesk;

struct Source {
  std::string dataset;  // "namespace/name"
  std::string topic;
  std::shared_ptr<sources::EventStore> store;
  bool entity = false;
  bool classified = false;  // some column is: its records are shown to nobody
  // A decoder of its own for every reading thread.
  std::function<base::Result<std::unique_ptr<sources::RecordDecoder>>()> make_decoder;
};

struct Pipeline {
  const plan::Plan* plan = nullptr;
  bool stateless = false;  // the engine keeps no state for it: plan and identity alike
  std::shared_ptr<const engine::Image> image;
  std::vector<Source> sources;  // as plan->sources
  targets::Target* target = nullptr;
  targets::TargetTraits traits;  // of its engine
  Progress* progress = nullptr;
  Checkpoints* checkpoints = nullptr;  // null: none are written
  LedgerDesk* desk = nullptr;          // null: nobody gives commands
  const base::Clock* clock = nullptr;
  std::function<base::Micros()> since_boot = base::since_boot;
  int revision = 1;
  int threads = 1;
  std::size_t memory_bytes = 0;
  bool verify = true;
  bool old_rows = false;  // the target is given the rows that changes replace
  bool parks = false;     // bad records and rows are left out and listed; else they stall the product
};

base::Result<std::unique_ptr<engine::Dataflow>> make_dataflow(const Pipeline& pipeline);

// Whether the engine needs no state for the plan: rows leave as they come and are told apart by position.
bool runs_without_state(const plan::Plan& plan);

// The last stable offsets of every source, now.
base::Result<targets::SourceOffsets> current_ends(const Pipeline& pipeline);

// Notes of which entity datasets keys span partitions, by what the dataflow has read.
void report_key_spans(const Pipeline& pipeline, const engine::Dataflow& dataflow);

// An error when rows are in error or keys are claimed twice: RowError or KeyNotUnique (row), naming them.
base::Status check_rows(const engine::Dataflow& dataflow);

// What an attempt returns when it was asked to stop at a safe place: code Drained.
base::Error drained();
bool is_drained(const base::Error& error);

}  // namespace offtake::delivery
