// CASE and COALESCE: each branch is evaluated for the rows that take it and for no others.
#include "operators/expressions/node.h"

namespace offtake::expressions {
namespace {

// Puts values that were computed for parts of a selection into their places.
class Gather {
 public:
  Gather(const types::Type& type, std::size_t size) : type_(type), from_(size) {}

  // `places` ascending: where each value belongs.
  void add(const Operand& operand, std::span<const std::uint32_t> places) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      from_[places[i]] = static_cast<std::uint32_t>(next_ + operand.at(i));
    }
    pieces_.push_back(operand.column);
    next_ += operand.column->size();
  }

  types::ColumnPtr finish() {
    if (pieces_.empty()) return types::Column::nulls(type_, from_.size());
    return types::Column::concatenate(pieces_)->take(from_);
  }

 private:
  types::Type type_;
  std::vector<std::uint32_t> from_;
  std::vector<types::ColumnPtr> pieces_;
  std::size_t next_ = 0;
};

// Some places of a selection, as a selection of its own.
struct Part {
  std::vector<std::uint32_t> places, rows;
  void add(const Selection& selection, std::uint32_t place) {
    places.push_back(place);
    rows.push_back(selection.rows[place]);
  }
  Selection selection(const Selection& of) const {
    return {of.input, rows, of.whole && rows.size() == of.rows.size()};
  }
};

Part everything(const Selection& selection) {
  Part part;
  for (std::uint32_t place = 0; place < selection.size(); ++place) part.add(selection, place);
  return part;
}

class CaseNode final : public Node {
 public:
  struct Branch {
    NodePtr when, then;
  };
  CaseNode(std::vector<Branch> branches, NodePtr otherwise, types::Type type)
      : branches_(std::move(branches)), otherwise_(std::move(otherwise)), type_(std::move(type)) {}

  Operand evaluate(const Selection& selection, Failures& failures) const override {
    Gather gather(type_, selection.size());
    Part open = everything(selection);
    for (const Branch& branch : branches_) {
      if (open.rows.empty()) break;
      const Operand when = branch.when->evaluate(open.selection(selection), failures);
      const std::vector<Truth> found = truths(when, open.rows.size());
      Part taken, rest;
      for (std::size_t i = 0; i < found.size(); ++i) {
        const bool failed = failures.failed(open.rows[i]);
        (found[i] == Truth::kTrue && !failed ? taken : rest).add(selection, open.places[i]);
      }
      if (!taken.rows.empty()) {
        gather.add(branch.then->evaluate(taken.selection(selection), failures), taken.places);
      }
      open = std::move(rest);
    }
    if (!open.rows.empty()) {
      if (otherwise_) {
        gather.add(otherwise_->evaluate(open.selection(selection), failures), open.places);
      } else {
        gather.add({types::Column::nulls(type_, 1), true}, open.places);
      }
    }
    return {gather.finish(), false};
  }

 private:
  std::vector<Branch> branches_;
  NodePtr otherwise_;
  types::Type type_;
};

class CoalesceNode final : public Node {
 public:
  CoalesceNode(std::vector<NodePtr> arguments, types::Type type)
      : arguments_(std::move(arguments)), type_(std::move(type)) {}

  Operand evaluate(const Selection& selection, Failures& failures) const override {
    Gather gather(type_, selection.size());
    Part open = everything(selection);
    for (const NodePtr& argument : arguments_) {
      if (open.rows.empty()) break;
      const Operand value = argument->evaluate(open.selection(selection), failures);
      // All places are given this value; those where it is NULL are given the next one instead.
      gather.add(value, open.places);
      Part rest;
      for (std::size_t i = 0; i < open.rows.size(); ++i) {
        if (value.is_null(i) && !failures.failed(open.rows[i])) rest.add(selection, open.places[i]);
      }
      open = std::move(rest);
    }
    return {gather.finish(), false};
  }

 private:
  std::vector<NodePtr> arguments_;
  types::Type type_;
};

}  // namespace

base::Result<NodePtr> compile_case(const plan::Case& searched, const types::Type& type) {
  std::vector<CaseNode::Branch> branches;
  for (const plan::Case::Branch& branch : searched.branches) {
    auto when = compile(*branch.when);
    if (!when) return when;
    auto then = compile(*branch.then);
    if (!then) return then;
    branches.push_back({*std::move(when), *std::move(then)});
  }
  NodePtr otherwise;
  if (searched.otherwise) {
    auto made = compile(*searched.otherwise);
    if (!made) return made;
    otherwise = *std::move(made);
  }
  return NodePtr(std::make_unique<CaseNode>(std::move(branches), std::move(otherwise), type));
}

base::Result<NodePtr> compile_coalesce(const plan::Coalesce& coalesce, const types::Type& type) {
  auto arguments = compile_all(coalesce.arguments);
  if (!arguments) return arguments.error();
  return NodePtr(std::make_unique<CoalesceNode>(*std::move(arguments), type));
}

}  // namespace offtake::expressions
