// Moving numbers and logs of a product, from its workers: nothing here is stored.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/json/value.h"
#include "controlplane/resources/data_product.h"
#include "operators/runners/runner.h"

namespace offtake::view {

using RunnerList = std::vector<std::shared_ptr<runners::Runner>>;

// {"revisions": [{revision, running, pid, incarnation, restarts, state, recordsRead, …}]}, ascending.
json::Value progress_json(const resources::DataProduct& product, const RunnerList& runners, base::Micros now);

// A piece of the newest worker's or function's log (or of `revision`, if above 0) from a place on. Gives
// where it ended.
struct LogPiece {
  int revision = 0;
  std::string text;
  runners::LogPlace next;
};
// A product's workers, by revision.
struct FoundWorker {
  int revision = 0;
  runners::Runner* runner = nullptr;
};
std::vector<FoundWorker> workers_of(const resources::DataProduct& product, const RunnerList& runners);

base::Result<LogPiece> read_log(const resources::DataProduct& product, const RunnerList& runners,
                                int revision, runners::LogPlace from = {},
                                runners::LogOf of = runners::LogOf::kWorker);

}  // namespace offtake::view
