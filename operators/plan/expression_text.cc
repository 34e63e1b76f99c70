// Expressions as text, near to the SQL that they came from.
#include <fmt/format.h>

#include "operators/plan/expression.h"

namespace offtake::plan {
namespace {

using Fields = std::vector<types::Field>;

std::string join(const std::vector<ExpressionPtr>& list, std::string_view separator, const Fields& input) {
  std::string out;
  for (const ExpressionPtr& item : list) {
    if (!out.empty()) out += separator;
    out += to_string(*item, input);
  }
  return out;
}

bool is_operator(std::string_view name) {
  return name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

struct Printer {
  const Expression& self;
  const Fields& input;

  std::string operator()(const ColumnRef& node) const {
    const auto index = static_cast<std::size_t>(node.index);
    if (index >= input.size() || input[index].name.empty()) return fmt::format("#{}", node.index);
    return input[index].name;
  }
  std::string operator()(const Literal& node) const {
    if (node.value.is_null()) return "NULL";
    const std::string text = node.value.to_text();
    switch (self.type.id) {
      case types::TypeId::kInt4:
        return text;
      case types::TypeId::kBoolean:
        return text == "t" ? "true" : "false";
      default:
        break;
    }
    std::string quoted = "'";
    for (char c : text) {
      if (c == '\'') quoted += '\'';
      quoted += c;
    }
    quoted += "'";
    return self.type.id == types::TypeId::kText ? quoted : quoted + "::" + types::to_string(self.type);
  }
  std::string operator()(const Call& node) const {
    if (is_operator(node.function) && node.arguments.size() == 2) {
      return fmt::format("({} {} {})", to_string(*node.arguments[0], input), node.function,
                         to_string(*node.arguments[1], input));
    }
    if (is_operator(node.function) && node.arguments.size() == 1) {
      return fmt::format("({}{})", node.function, to_string(*node.arguments[0], input));
    }
    return fmt::format("{}({})", node.function, join(node.arguments, ", ", input));
  }
  std::string operator()(const Logical& node) const {
    if (node.op == Logical::Op::kNot) return "(NOT " + to_string(*node.terms.front(), input) + ")";
    return "(" + join(node.terms, node.op == Logical::Op::kAnd ? " AND " : " OR ", input) + ")";
  }
  std::string operator()(const IsNull& node) const {
    return fmt::format("({} IS {}NULL)", to_string(*node.argument, input), node.negated ? "NOT " : "");
  }
  std::string operator()(const Case& node) const {
    std::string out = "CASE";
    for (const Case::Branch& branch : node.branches) {
      out += " WHEN " + to_string(*branch.when, input) + " THEN " + to_string(*branch.then, input);
    }
    if (node.otherwise) out += " ELSE " + to_string(*node.otherwise, input);
    return out + " END";
  }
  std::string operator()(const Coalesce& node) const {
    return "COALESCE(" + join(node.arguments, ", ", input) + ")";
  }
  std::string operator()(const InList& node) const {
    return fmt::format("({} {}IN ({}))", to_string(*node.argument, input), node.negated ? "NOT " : "",
                       join(node.list, ", ", input));
  }
  std::string operator()(const Cast& node) const {
    return to_string(*node.argument, input) + "::" + types::to_string(self.type);
  }
};

}  // namespace

std::string to_string(const Expression& expression, const std::vector<types::Field>& input) {
  return std::visit(Printer{expression, input}, expression.node);
}

}  // namespace offtake::plan
