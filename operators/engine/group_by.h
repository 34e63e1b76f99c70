// GROUP BY: a row per group that has rows; without group columns always exactly one.
//   Δγ: for each group that ΔR touches, -old row +new row; either is left out where the group has no rows
//   (or its aggregate raises: then the group is absent and an error row), nothing where they are equal
// A group's key shows the smallest spelling, by text, among its rows (1.0 before 1.00).
#pragma once
#include "operators/engine/accumulator.h"
#include "operators/engine/arrangement.h"
#include "operators/engine/operator.h"
#include "operators/engine/spellings.h"

namespace offtake::engine {

class GroupBy final : public Operator {
 public:
  struct Call {
    std::unique_ptr<Accumulator> accumulator;
    types::Type type;
  };
  // `input_fields`: of the input. Aggregates in output order, after the group columns.
  GroupBy(OperatorPtr input, const std::vector<types::Field>& input_fields, std::vector<int> group,
          std::vector<Call> calls, Runtime& runtime);
  ~GroupBy() override;

  void subscribe(Emit) override;
  base::Status finish(const Emit& emit) override;
  base::Status step(const Emit& emit) override;
  void maintain() override;
  std::size_t state_bytes() const override;
  void save(StateWriter& out) const override;
  void restore(StateReader& in) override;

 private:
  struct Touched {
    RowRef group = 0;
    std::string error;  // of the old row
  };
  // Rows of the output being built: group columns, then aggregates.
  struct Rows {
    explicit Rows(const GroupBy& owner);
    types::Batch finish();
    std::vector<types::ColumnBuilder> builders;
    std::vector<std::int64_t> weights;
  };

  base::Status apply(const types::Batch& piece, bool live);
  void touch(RowRef group);
  bool present(RowRef group) const;
  // Appends the group's row; the error where an aggregate raises, nothing is appended then.
  base::Status write(RowRef group, Rows& rows) const;
  ErrorRow group_error(RowRef group, std::string message, std::int64_t weight) const;
  void drop(RowRef group);

  OperatorPtr input_;
  std::vector<int> group_;
  std::vector<types::Field> key_fields_;
  std::vector<int> key_;  // 0, 1, …: the arrangement's columns
  std::vector<Call> calls_;
  std::vector<std::size_t> offsets_;  // of each aggregate's state
  Arrangement groups_;
  Spellings spellings_;
  Runtime& runtime_;
  std::vector<Touched> touched_;
  std::unique_ptr<Rows> before_;
};

}  // namespace offtake::engine
