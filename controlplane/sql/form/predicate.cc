// Conditions that a form can draw: a column compared with values.
#include <array>

#include "controlplane/sql/form/names.h"

namespace offtake::sql::form {
namespace {

struct Named {
  Operator op;
  std::string_view text;
};
constexpr std::array<Named, 14> kOperators = {{{Operator::kEqual, "="},
                                               {Operator::kNotEqual, "<>"},
                                               {Operator::kLess, "<"},
                                               {Operator::kLessOrEqual, "<="},
                                               {Operator::kGreater, ">"},
                                               {Operator::kGreaterOrEqual, ">="},
                                               {Operator::kIn, "In"},
                                               {Operator::kNotIn, "NotIn"},
                                               {Operator::kBetween, "Between"},
                                               {Operator::kNotBetween, "NotBetween"},
                                               {Operator::kLike, "Like"},
                                               {Operator::kNotLike, "NotLike"},
                                               {Operator::kIsNull, "IsNull"},
                                               {Operator::kIsNotNull, "IsNotNull"}}};

Operator turned(Operator op) {
  if (op == Operator::kLess) return Operator::kGreater;
  if (op == Operator::kLessOrEqual) return Operator::kGreaterOrEqual;
  if (op == Operator::kGreater) return Operator::kLess;
  if (op == Operator::kGreaterOrEqual) return Operator::kLessOrEqual;
  return op;
}

class Reader {
 public:
  Reader(const SourceText& source, const Names& names) : source_(source), names_(names) {}

  std::optional<Predicate> read(const json::Value& tree) {
    const Tree node(tree);
    Predicate out;
    if (node.kind == "NullTest") {
      if (!take_column(node["arg"], out)) return std::nullopt;
      out.op = node.body->string_or("nulltesttype") == "IS_NULL" ? Operator::kIsNull : Operator::kIsNotNull;
      return out;
    }
    if (node.kind != "A_Expr") return std::nullopt;
    const std::string kind = node.body->string_or("kind"), name = dotted(node["name"]);
    if (kind == "AEXPR_OP") return comparison(node, name);
    if (!take_column(node["lexpr"], out)) return std::nullopt;
    if (kind == "AEXPR_IN") {
      out.op = name == "=" ? Operator::kIn : Operator::kNotIn;
    } else if (kind == "AEXPR_BETWEEN" || kind == "AEXPR_NOT_BETWEEN") {
      out.op = kind == "AEXPR_BETWEEN" ? Operator::kBetween : Operator::kNotBetween;
    } else if (kind == "AEXPR_LIKE") {
      out.op = name == "~~" ? Operator::kLike : Operator::kNotLike;
      // A pattern is a text, whatever the column is.
      type_ = types::Type(types::TypeId::kText);
      return take_value(node["rexpr"], out) ? std::optional(out) : std::nullopt;
    } else {
      return std::nullopt;
    }
    const Tree list(node["rexpr"]);
    if (list.kind != "List") return std::nullopt;
    for (const json::Value& item : list["items"].as_array()) {
      if (!take_value(item, out)) return std::nullopt;
    }
    return out;
  }

 private:
  std::optional<Predicate> comparison(const Tree& node, const std::string& name) {
    const auto op = operator_of(name);
    if (!op || *op > Operator::kGreaterOrEqual) return std::nullopt;
    Predicate out;
    out.op = *op;
    if (take_column(node["lexpr"], out)) {
      return take_value(node["rexpr"], out) ? std::optional(out) : std::nullopt;
    }
    out.op = turned(*op);
    if (!take_column(node["rexpr"], out) || !take_value(node["lexpr"], out)) return std::nullopt;
    return out;
  }

  bool take_column(const json::Value& tree, Predicate& out) {
    auto source = names_.resolve(tree);
    if (!source) return false;
    if (const types::Field* field = names_.field(*source)) type_ = field->type;
    out.source = *std::move(source);
    return true;
  }

  bool take_value(const json::Value& tree, Predicate& out) {
    auto value = literal(tree);
    if (value) out.values.push_back(*std::move(value));
    return value.has_value();
  }

  std::optional<std::string> literal(const json::Value& tree) {
    const Tree node(tree);
    if (node.kind == "TypeCast") {
      const Tree inner(node["arg"]);
      if (inner.kind != "A_Const" || inner.body->find("sval") == nullptr) return std::nullopt;
      auto type = type_of(source_, node["typeName"], node.location());
      if (!type || (type_ && type->id != type_->id)) return std::nullopt;
      return inner["sval"].string_or("sval");
    }
    if (node.kind != "A_Const" || node.body->bool_or("isnull")) return std::nullopt;
    if (node.body->find("boolval") != nullptr) return node["boolval"].bool_or("boolval") ? "true" : "false";
    if (node.body->find("sval") != nullptr) return node["sval"].string_or("sval");
    if (node.body->find("ival") != nullptr) return std::to_string(integer_of(source_, *node.body));
    if (node.body->find("fval") != nullptr) return node["fval"].string_or("fval");
    return std::nullopt;
  }

  const SourceText& source_;
  const Names& names_;
  std::optional<types::Type> type_;  // of the column
};

}  // namespace

std::string_view to_string(Operator op) {
  for (const Named& named : kOperators) {
    if (named.op == op) return named.text;
  }
  return "";
}

std::optional<Operator> operator_of(std::string_view text) {
  for (const Named& named : kOperators) {
    if (named.text == text) return named.op;
  }
  return std::nullopt;
}

std::optional<Predicate> predicate_of(const SourceText& source, const json::Value& tree, const Names& names) {
  return Reader(source, names).read(tree);
}

}  // namespace offtake::sql::form
