// Evaluates an expression over columnar batches, a kernel call per column and not per row. Semantics are
// PostgreSQL's; three-valued logic and errors are exact: an error counts only for rows that PostgreSQL would
// have evaluated (CASE branches not taken, AND terms after a false one, COALESCE arguments after a value do
// not raise).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "operators/plan/expression.h"
#include "schemas/types/batch.h"

namespace offtake::expressions {

struct RowError {
  std::uint32_t row;
  std::string message;  // PostgreSQL's: "division by zero"
};

// Immutable after build; thread-safe. Error code UnsupportedExpression when there is no kernel: a bug of the
// binder, or a job file of another version.
class Evaluator {
 public:
  static base::Result<std::unique_ptr<Evaluator>> build(const plan::ExpressionPtr& expression);
  virtual ~Evaluator() = default;
  // One value a row. At a row with an error the value is NULL and `errors` has one entry (rows ascending).
  virtual types::ColumnPtr evaluate(const types::Batch& input, std::vector<RowError>& errors) const = 0;
  // For predicates: the rows where it is true (NULL and false are left out; error rows too).
  virtual void select(const types::Batch& input, std::vector<std::uint32_t>& rows,
                      std::vector<RowError>& errors) const = 0;
};

}  // namespace offtake::expressions
