// A compiled expression: the tree that an Evaluator walks once a batch. Internal to this folder.
#pragma once
#include <memory>
#include <vector>

#include "operators/expressions/kernel.h"
#include "operators/plan/expression.h"

namespace offtake::expressions {

// The rows of `input` that are asked for. Whatever is evaluated only for some rows (a CASE branch, an AND
// term after others) gets a smaller selection, so that the rows left out cannot raise.
struct Selection {
  const types::Batch& input;
  std::span<const std::uint32_t> rows;  // ascending
  bool whole = false;                   // rows are 0..input.rows-1
  std::size_t size() const { return rows.size(); }
};

class Node {
 public:
  virtual ~Node() = default;
  // One value for each selected row, or a constant. Rows that fail are NULL.
  virtual Operand evaluate(const Selection& selection, Failures& failures) const = 0;
};
using NodePtr = std::unique_ptr<const Node>;

// UnsupportedExpression when there is no kernel.
base::Result<NodePtr> compile(const plan::Expression& expression);
base::Result<std::vector<NodePtr>> compile_all(const std::vector<plan::ExpressionPtr>& list);
base::Result<NodePtr> compile_logical(const plan::Logical& logical);
base::Result<NodePtr> compile_in(const plan::InList& in);
base::Result<NodePtr> compile_case(const plan::Case& searched, const types::Type& type);
base::Result<NodePtr> compile_coalesce(const plan::Coalesce& coalesce, const types::Type& type);

// Three values as bytes: what AND, OR, NOT and IN compute with.
enum class Truth : std::uint8_t { kFalse, kTrue, kNull };
std::vector<Truth> truths(const Operand& operand, std::size_t size);
types::ColumnPtr from_truths(const std::vector<Truth>& values);

}  // namespace offtake::expressions
