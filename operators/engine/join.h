// Equality join, inner or left outer, with a residual condition.
//   Δ(A⋈B) = ΔA⋈B + A⋈ΔB + ΔA⋈ΔB, computed as ΔA⋈B(old) and then (A+ΔA)⋈ΔB
//   weights multiply; a NULL in a key joins nothing
// The left join adds, for each left row a, the row (a, NULL…) while a has no match. Matches are counted per
// left row: the weights of the right rows that pass the residual.
//   Δ: +a, matches > 0            the pairs
//      +a, no match               +(a, NULL)
//      +b, first match of a       +(a, b) -(a, NULL)      in the same epoch
//      -b, last match of a        -(a, b) +(a, NULL)
//      a with a NULL key          ±(a, NULL), never kept
// A residual that raises makes the pair an error row and no match.
#pragma once
#include "operators/engine/arrangement.h"
#include "operators/engine/map_operators.h"
#include "operators/plan/plan.h"

namespace offtake::engine {

class Join final : public Operator {
 public:
  struct Side {
    OperatorPtr input;
    std::vector<types::Field> fields;
    std::vector<int> keys;
  };
  Join(plan::JoinKind kind, Side left, Side right, EvaluatorPtr residual, Runtime& runtime);

  void subscribe(Emit) override;
  base::Status finish(const Emit& emit) override;
  base::Status step(const Emit& emit) override;
  void maintain() override;
  std::size_t state_bytes() const override;
  void save(StateWriter& out) const override;
  void restore(StateReader& in) override;

 private:
  // Candidate pairs of a probe, before the residual.
  struct Pairs {
    std::vector<std::uint32_t> rows;  // of the probing piece
    std::vector<RowRef> refs;         // of the other side
    std::vector<std::int64_t> weights;
    void add(std::uint32_t row, RowRef ref, std::int64_t weight) {
      rows.push_back(row);
      refs.push_back(ref);
      weights.push_back(weight);
    }
    void clear() {
      rows.clear();
      refs.clear();
      weights.clear();
    }
  };

  base::Status insert(Arrangement& side, const types::Batch& piece, const std::vector<int>& keys,
                      const std::vector<std::uint64_t>& hashes);
  base::Status load(Arrangement& side, const types::Batch& piece);
  base::Status take_left_bulk(const types::Batch& piece);
  base::Status probe_right(const types::Batch& piece, const std::vector<std::uint64_t>& hashes,
                           std::vector<std::int64_t>& matches, const Emit& emit);
  base::Status step_left(const types::Batch& piece, const Emit& emit);
  base::Status step_right(const types::Batch& piece, const Emit& emit);
  base::Status settle_flips(const Emit& emit);
  base::Status emit_unmatched(const types::Batch& piece, std::vector<std::uint32_t>&& rows, const Emit& emit);
  // Puts the pairs together, keeps those that pass the residual, and names them by their index.
  types::Batch assemble(const types::Batch& piece, const Pairs& pairs, bool piece_is_left,
                        std::vector<std::uint32_t>& passed);
  bool is_left() const { return kind_ == plan::JoinKind::kLeft; }
  std::int64_t& matches_of(RowRef left_row);

  plan::JoinKind kind_;
  OperatorPtr left_input_, right_input_;
  Arrangement left_, right_;
  std::vector<types::Field> fields_;  // left, then right
  std::size_t left_columns_;
  EvaluatorPtr residual_;
  Runtime& runtime_;
  std::vector<types::Batch> null_keys_;  // bulk mode: left rows that match nothing
  std::vector<RowRef> flips_;            // left rows whose "has a match" changed, once a change
};

}  // namespace offtake::engine
