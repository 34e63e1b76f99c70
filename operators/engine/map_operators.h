// Operators without state: the change of the output is the operator applied to the change of the input.
//   Δ(σ p R) = σ p (ΔR)        weights pass; a row whose predicate raises becomes an error row
//   Δ(π e R) = π e (ΔR)        weights pass; a row of which an expression raises becomes an error row
#pragma once
#include "operators/engine/operator.h"
#include "operators/expressions/evaluator.h"

namespace offtake::engine {

// A step that turns one piece into one piece.
class MapOperator : public Operator {
 public:
  explicit MapOperator(OperatorPtr input) : input_(std::move(input)) {}
  void subscribe(Emit early) override { input_->subscribe(through(std::move(early))); }
  base::Status finish(const Emit& emit) override { return input_->finish(through(emit)); }
  base::Status step(const Emit& emit) override { return input_->step(through(emit)); }
  void maintain() override { input_->maintain(); }
  std::size_t state_bytes() const override { return input_->state_bytes(); }
  void save(StateWriter& out) const override { input_->save(out); }
  void restore(StateReader& in) override { input_->restore(in); }

 protected:
  virtual types::Batch map(types::Batch&& piece) = 0;

 private:
  Emit through(Emit emit) {
    return [this, emit = std::move(emit)](types::Batch&& piece) -> base::Status {
      types::Batch out = map(std::move(piece));
      if (out.rows == 0) return {};
      return emit(std::move(out));
    };
  }
  OperatorPtr input_;
};

using EvaluatorPtr = std::unique_ptr<expressions::Evaluator>;

class Filter final : public MapOperator {
 public:
  Filter(OperatorPtr input, EvaluatorPtr predicate, std::vector<types::Field> fields, Runtime& runtime)
      : MapOperator(std::move(input)),
        predicate_(std::move(predicate)),
        fields_(std::move(fields)),
        runtime_(runtime) {}

 protected:
  types::Batch map(types::Batch&& piece) override;

 private:
  EvaluatorPtr predicate_;
  std::vector<types::Field> fields_;  // of the input
  Runtime& runtime_;
};

class Project final : public MapOperator {
 public:
  Project(OperatorPtr input, std::vector<EvaluatorPtr> expressions, std::vector<types::Field> fields,
          Runtime& runtime)
      : MapOperator(std::move(input)),
        expressions_(std::move(expressions)),
        fields_(std::move(fields)),
        runtime_(runtime) {}

 protected:
  types::Batch map(types::Batch&& piece) override;

 private:
  std::vector<EvaluatorPtr> expressions_;
  std::vector<types::Field> fields_;  // of the input
  Runtime& runtime_;
};

}  // namespace offtake::engine
