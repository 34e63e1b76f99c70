// A dataflow that is saved and restored again and again, beside one that runs on unbroken: whatever is given
// to it goes to both, and every answer of the restored one must be the other's.
#pragma once
#include "operators/engine/dataflow.h"
#include "operators/engine/state_stream.h"

namespace offtake::engine::testing {

// The state in blocks, as a checkpoint's file holds it.
std::vector<std::string> saved(const Dataflow& dataflow);
// A new dataflow for `plan` with that state.
base::Result<std::unique_ptr<Dataflow>> restored(const plan::Plan& plan,
                                                 const std::vector<std::string>& blocks,
                                                 DataflowOptions options = {});

class Restarting final : public Dataflow {
 public:
  explicit Restarting(const plan::Plan& plan);
  // From here on the second one is a restored one. REQUIRES: as Dataflow::save.
  void restart();
  int restarts() const { return restarts_; }

  base::Status push(int source, const SourceBatch& batch) override;
  base::Result<Changes> take_stateless() override;
  base::Status finish_bulk(const std::function<base::Status(Changes&&)>& sink) override;
  base::Result<Changes> step() override;
  std::vector<ErrorRow> error_rows(std::size_t limit) const override;
  std::vector<KeyViolation> key_violations(std::size_t limit) const override;
  bool key_spans_partitions(int source) const override;
  std::size_t state_bytes() const override { return unbroken_->state_bytes(); }
  base::Status save(StateWriter& out) const override { return unbroken_->save(out); }
  base::Status restore(StateReader& in) override { return unbroken_->restore(in); }

 private:
  const plan::Plan& plan_;
  std::unique_ptr<Dataflow> unbroken_, restored_;
  int restarts_ = 0;
};

}  // namespace offtake::engine::testing
