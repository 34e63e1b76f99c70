// AND, OR, NOT and IN with three values. A term is evaluated only for the rows that the terms before it have
// not decided, so that its errors count only there.
#include "operators/expressions/node.h"

namespace offtake::expressions {
namespace {

class NotNode final : public Node {
 public:
  explicit NotNode(NodePtr argument) : argument_(std::move(argument)) {}
  Operand evaluate(const Selection& selection, Failures& failures) const override {
    const Operand operand = argument_->evaluate(selection, failures);
    std::vector<Truth> values = truths(operand, selection.size());
    for (Truth& value : values) {
      if (value != Truth::kNull) value = value == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
    }
    return {from_truths(values), false};
  }

 private:
  NodePtr argument_;
};

// The rows of `selection` whose value is still open, and their places.
struct Open {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> places;
};

class AndOrNode final : public Node {
 public:
  AndOrNode(bool is_and, std::vector<NodePtr> terms)
      : deciding_(is_and ? Truth::kFalse : Truth::kTrue),
        neutral_(is_and ? Truth::kTrue : Truth::kFalse),
        terms_(std::move(terms)) {}

  Operand evaluate(const Selection& selection, Failures& failures) const override {
    std::vector<Truth> result(selection.size(), neutral_);
    merge(truths(terms_.front()->evaluate(selection, failures), selection.size()), {}, result);
    for (std::size_t i = 1; i < terms_.size(); ++i) {
      const Open open = still_open(selection, result, failures);
      if (open.rows.empty()) break;
      if (open.rows.size() == selection.size()) {
        merge(truths(terms_[i]->evaluate(selection, failures), selection.size()), {}, result);
      } else {
        const Selection rest{selection.input, open.rows, false};
        merge(truths(terms_[i]->evaluate(rest, failures), rest.size()), open.places, result);
      }
    }
    return {from_truths(result), false};
  }

 private:
  Open still_open(const Selection& selection, const std::vector<Truth>& result,
                  const Failures& failures) const {
    Open open;
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (result[i] == deciding_ || failures.failed(selection.rows[i])) continue;
      open.rows.push_back(selection.rows[i]);
      open.places.push_back(static_cast<std::uint32_t>(i));
    }
    return open;
  }

  void merge(const std::vector<Truth>& values, const std::vector<std::uint32_t>& places,
             std::vector<Truth>& result) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      Truth& place = result[places.empty() ? i : places[i]];
      if (values[i] == deciding_ || place == neutral_) place = values[i];
    }
  }

  Truth deciding_, neutral_;
  std::vector<NodePtr> terms_;
};

// x = a OR x = b OR …; over a list of literals PostgreSQL evaluates all of them first, too.
class InNode final : public Node {
 public:
  InNode(Kernel equal, NodePtr argument, std::vector<NodePtr> list, bool negated)
      : equal_(equal), argument_(std::move(argument)), list_(std::move(list)), negated_(negated) {}

  Operand evaluate(const Selection& selection, Failures& failures) const override {
    const types::Type boolean(types::TypeId::kBoolean);
    const Operand value = argument_->evaluate(selection, failures);
    std::vector<Truth> result(selection.size(), Truth::kFalse);
    for (const NodePtr& item : list_) {
      const Operand operands[] = {value, item->evaluate(selection, failures)};
      const Operand same{equal_({operands, selection.rows, boolean, failures}), false};
      const std::vector<Truth> found = truths(same, selection.size());
      for (std::size_t row = 0; row < result.size(); ++row) {
        if (found[row] == Truth::kTrue || result[row] == Truth::kFalse) result[row] = found[row];
      }
    }
    for (Truth& truth : result) {
      if (negated_ && truth != Truth::kNull) {
        truth = truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
      }
    }
    return {from_truths(result), false};
  }

 private:
  Kernel equal_;
  NodePtr argument_;
  std::vector<NodePtr> list_;
  bool negated_;
};

}  // namespace

std::vector<Truth> truths(const Operand& operand, std::size_t size) {
  const auto* values = operand.values<std::uint8_t>();
  std::vector<Truth> out(size);
  for (std::size_t row = 0; row < size; ++row) out[row] = static_cast<Truth>(values[operand.at(row)]);
  if (operand.may_have_nulls()) {
    for (std::size_t row = 0; row < size; ++row) {
      if (operand.is_null(row)) out[row] = Truth::kNull;
    }
  }
  return out;
}

types::ColumnPtr from_truths(const std::vector<Truth>& values) {
  types::ColumnBuilder builder{types::Type(types::TypeId::kBoolean)};
  auto* out = builder.grow<std::uint8_t>(values.size());
  bool any_null = false;
  for (std::size_t row = 0; row < values.size(); ++row) {
    out[row] = values[row] == Truth::kTrue;
    any_null = any_null || values[row] == Truth::kNull;
  }
  if (any_null) {
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (values[row] == Truth::kNull) builder.set_null(row);
    }
  }
  return builder.finish();
}

base::Result<NodePtr> compile_logical(const plan::Logical& logical) {
  auto terms = compile_all(logical.terms);
  if (!terms) return terms.error();
  if (logical.op == plan::Logical::Op::kNot) {
    return NodePtr(std::make_unique<NotNode>(std::move(terms->front())));
  }
  return NodePtr(std::make_unique<AndOrNode>(logical.op == plan::Logical::Op::kAnd, *std::move(terms)));
}

base::Result<NodePtr> compile_in(const plan::InList& in) {
  auto argument = compile(*in.argument);
  if (!argument) return argument;
  auto list = compile_all(in.list);
  if (!list) return list.error();
  const types::TypeId type = in.argument->type.id;
  const Kernel equal = find_kernel("=", {type, type});
  if (equal == nullptr) {
    return base::terminal("UnsupportedExpression",
                          "IN is not known for " + types::to_string(in.argument->type));
  }
  return NodePtr(std::make_unique<InNode>(equal, *std::move(argument), *std::move(list), in.negated));
}

}  // namespace offtake::expressions
