// Where records enter. Event: a record is a row, once and for all. Entity: EntityState (entity_state.h) turns
// records into changes of rows.
//   Δscan = the pending changes, columns picked
#pragma once
#include "operators/engine/entity_state.h"
#include "operators/engine/operator.h"

namespace offtake::engine {

class Scan final : public Operator {
 public:
  // `entity`: null for event datasets.
  Scan(std::vector<int> columns, const EntityState* entity) : columns_(std::move(columns)), entity_(entity) {}

  void subscribe(Emit early) override { early_ = std::move(early); }
  base::Status finish(const Emit& emit) override;
  base::Status step(const Emit& emit) override;
  void maintain() override {}
  std::size_t state_bytes() const override { return pending_bytes_; }
  // The entity's state is the dataflow's to save.
  void save(StateWriter& out) const override {
    if (!pending_.empty()) out.fail(base::internal("a scan is saved within an epoch"));
  }
  void restore(StateReader&) override {}

  // Bulk mode: a final row goes on at once.
  base::Status pass(const types::Batch& rows) { return early_(pick(rows)); }
  // Live: waits for the step.
  void queue(const types::Batch& rows);

 private:
  types::Batch pick(const types::Batch& rows) const;

  std::vector<int> columns_;
  const EntityState* entity_;
  Emit early_;
  std::vector<types::Batch> pending_;
  std::size_t pending_bytes_ = 0;
};

// What the operators of a plan read, by source. Scans are owned by the operators above them.
struct Inputs {
  std::vector<std::vector<Scan*>> scans;
  std::vector<std::unique_ptr<EntityState>> entities;  // null for event datasets
};

}  // namespace offtake::engine
