#include "operators/expressions/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "operators/expressions/node.h"

namespace offtake::expressions {
namespace {

class ColumnNode final : public Node {
 public:
  explicit ColumnNode(int index) : index_(static_cast<std::size_t>(index)) {}
  Operand evaluate(const Selection& selection, Failures&) const override {
    const types::ColumnPtr& column = selection.input.columns[index_];
    return {selection.whole ? column : column->take(selection.rows), false};
  }

 private:
  std::size_t index_;
};

class LiteralNode final : public Node {
 public:
  explicit LiteralNode(types::ColumnPtr value) : value_(std::move(value)) {}
  Operand evaluate(const Selection&, Failures&) const override { return {value_, true}; }

 private:
  types::ColumnPtr value_;
};

// Calls and casts.
class KernelNode final : public Node {
 public:
  KernelNode(Kernel kernel, std::vector<NodePtr> arguments, types::Type type)
      : kernel_(kernel), arguments_(std::move(arguments)), type_(std::move(type)) {}

  Operand evaluate(const Selection& selection, Failures& failures) const override {
    std::vector<Operand> operands;
    operands.reserve(arguments_.size());
    for (const NodePtr& argument : arguments_) operands.push_back(argument->evaluate(selection, failures));
    return {kernel_({operands, selection.rows, type_, failures}), false};
  }

 private:
  Kernel kernel_;
  std::vector<NodePtr> arguments_;
  types::Type type_;
};

class IsNullNode final : public Node {
 public:
  IsNullNode(NodePtr argument, bool negated) : argument_(std::move(argument)), negated_(negated) {}
  Operand evaluate(const Selection& selection, Failures& failures) const override {
    const Operand operand = argument_->evaluate(selection, failures);
    types::ColumnBuilder builder{types::Type(types::TypeId::kBoolean)};
    auto* out = builder.grow<std::uint8_t>(selection.size());
    for (std::size_t row = 0; row < selection.size(); ++row) out[row] = operand.is_null(row) != negated_;
    return {builder.finish(), false};
  }

 private:
  NodePtr argument_;
  bool negated_;
};

base::Error unsupported(std::string what) {
  return base::terminal("UnsupportedExpression", std::move(what))
      .with_hint("the job was made by another version of Offtake");
}

struct Compiler {
  const types::Type& type;

  base::Result<NodePtr> operator()(const plan::ColumnRef& ref) const {
    return NodePtr(std::make_unique<ColumnNode>(ref.index));
  }
  base::Result<NodePtr> operator()(const plan::Literal& literal) const {
    return NodePtr(std::make_unique<LiteralNode>(literal.value.value));
  }
  base::Result<NodePtr> operator()(const plan::Call& call) const {
    std::vector<types::TypeId> types;
    std::string names;
    for (const plan::ExpressionPtr& argument : call.arguments) {
      types.push_back(argument->type.id);
      names += (names.empty() ? "" : ", ") + types::to_string(argument->type);
    }
    const Kernel kernel = find_kernel(call.function, types);
    if (kernel == nullptr) {
      return unsupported(fmt::format("function {}({}) is not known", call.function, names));
    }
    return make(kernel, call.arguments);
  }
  base::Result<NodePtr> operator()(const plan::Cast& cast) const {
    const Kernel kernel = find_cast(cast.argument->type, type);
    if (kernel == nullptr) {
      return unsupported(fmt::format("a cast from {} to {} is not known",
                                     types::to_string(cast.argument->type), types::to_string(type)));
    }
    return make(kernel, {cast.argument});
  }
  base::Result<NodePtr> operator()(const plan::Logical& logical) const { return compile_logical(logical); }
  base::Result<NodePtr> operator()(const plan::InList& in) const { return compile_in(in); }
  base::Result<NodePtr> operator()(const plan::Case& searched) const { return compile_case(searched, type); }
  base::Result<NodePtr> operator()(const plan::Coalesce& coalesce) const {
    return compile_coalesce(coalesce, type);
  }
  base::Result<NodePtr> operator()(const plan::IsNull& is_null) const {
    auto argument = compile(*is_null.argument);
    if (!argument) return argument;
    return NodePtr(std::make_unique<IsNullNode>(*std::move(argument), is_null.negated));
  }

  base::Result<NodePtr> make(Kernel kernel, const std::vector<plan::ExpressionPtr>& list) const {
    auto arguments = compile_all(list);
    if (!arguments) return arguments.error();
    return NodePtr(std::make_unique<KernelNode>(kernel, *std::move(arguments), type));
  }
};

// The values with NULL wherever the row failed.
types::ColumnPtr blank_failed(const types::ColumnPtr& column, const Failures& failures) {
  types::ColumnBuilder builder(column->type());
  builder.reserve(column->size());
  for (std::size_t row = 0; row < column->size(); ++row) {
    if (failures.failed(static_cast<std::uint32_t>(row))) {
      builder.append_null();
    } else {
      builder.append_from(*column, row);
    }
  }
  return builder.finish();
}

void report(Failures& failures, std::vector<RowError>& errors) {
  const auto first = static_cast<std::ptrdiff_t>(errors.size());
  for (auto& [row, message] : failures.messages()) errors.push_back({row, std::move(message)});
  std::sort(errors.begin() + first, errors.end(),
            [](const RowError& a, const RowError& b) { return a.row < b.row; });
}

class TreeEvaluator final : public Evaluator {
 public:
  explicit TreeEvaluator(NodePtr root) : root_(std::move(root)) {}

  types::ColumnPtr evaluate(const types::Batch& input, std::vector<RowError>& errors) const override {
    Failures failures(input.rows);
    const Operand made = run(input, failures);
    types::ColumnPtr column = made.constant ? made.column->repeat(0, input.rows) : made.column;
    if (!failures.any()) return column;
    column = blank_failed(column, failures);
    report(failures, errors);
    return column;
  }

  void select(const types::Batch& input, std::vector<std::uint32_t>& rows,
              std::vector<RowError>& errors) const override {
    Failures failures(input.rows);
    const Operand made = run(input, failures);
    const auto* values = made.values<std::uint8_t>();
    // A NULL's value is 0, so that the bytes alone decide; written without a branch a row.
    const std::size_t before = rows.size();
    rows.resize(before + input.rows);
    std::size_t end = before;
    for (std::size_t row = 0; row < input.rows; ++row) {
      rows[end] = static_cast<std::uint32_t>(row);
      end += values[made.at(row)] != 0;
    }
    rows.resize(end);
    if (failures.any()) {
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(before);
      rows.erase(std::remove_if(first, rows.end(), [&](std::uint32_t row) { return failures.failed(row); }),
                 rows.end());
    }
    if (failures.any()) report(failures, errors);
  }

 private:
  Operand run(const types::Batch& input, Failures& failures) const {
    std::vector<std::uint32_t> all(input.rows);
    std::iota(all.begin(), all.end(), 0U);
    return root_->evaluate({input, all, true}, failures);
  }

  NodePtr root_;
};

}  // namespace

base::Result<NodePtr> compile(const plan::Expression& expression) {
  return std::visit(Compiler{expression.type}, expression.node);
}

base::Result<std::vector<NodePtr>> compile_all(const std::vector<plan::ExpressionPtr>& list) {
  std::vector<NodePtr> out;
  for (const plan::ExpressionPtr& item : list) {
    auto made = compile(*item);
    if (!made) return made.error();
    out.push_back(*std::move(made));
  }
  return out;
}

base::Result<std::unique_ptr<Evaluator>> Evaluator::build(const plan::ExpressionPtr& expression) {
  auto root = compile(*expression);
  if (!root) return std::move(root).error();
  return std::unique_ptr<Evaluator>(std::make_unique<TreeEvaluator>(*std::move(root)));
}

}  // namespace offtake::expressions
