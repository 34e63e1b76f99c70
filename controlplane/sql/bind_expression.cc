#include "controlplane/sql/binder.h"

namespace offtake::sql {
namespace {

using enum types::TypeId;
using plan::CastKind;
using types::Type;

bool any_nullable(const std::vector<plan::ExpressionPtr>& list) {
  for (const plan::ExpressionPtr& item : list) {
    if (item->nullable) return true;
  }
  return false;
}

Bound literal_at(types::Datum value, int byte, bool unknown = false) {
  plan::ExpressionPtr made = plan::literal(std::move(value));
  return {make_expression(made->node, made->type, made->nullable, byte), unknown};
}

}  // namespace

plan::ExpressionPtr make_expression(decltype(plan::Expression::node) node, Type type, bool nullable,
                                    int byte) {
  return std::make_shared<const plan::Expression>(
      plan::Expression{std::move(node), std::move(type), nullable, byte});
}

plan::ExpressionPtr make_not(plan::ExpressionPtr argument, int byte) {
  const bool nullable = argument->nullable;
  return make_expression(plan::Logical{plan::Logical::Op::kNot, {std::move(argument)}}, Type(kBoolean),
                         nullable, byte);
}

Bound Binder::bind(const json::Value& tree) {
  const Tree node(tree);
  if (node.kind == "A_Const") return bind_constant(node);
  if (node.kind == "ColumnRef") return bind_column(node);
  if (node.kind == "A_Indirection") return bind_field(node);
  if (node.kind == "A_Expr") return bind_operation(node);
  if (node.kind == "FuncCall") return bind_function(node);
  if (node.kind == "TypeCast") return bind_cast(node);
  if (node.kind == "BoolExpr") return bind_boolean(node);
  if (node.kind == "BooleanTest") return bind_boolean_test(node);
  if (node.kind == "NullTest") return bind_null_test(node);
  if (node.kind == "CaseExpr") return bind_case(node);
  if (node.kind == "CoalesceExpr") return bind_coalesce(node);
  return problems_.fail("SqlNotSupported", fmt::format("{} is not supported in this version", node.kind),
                        node.location());
}

Bound Binder::bind_condition(const json::Value& tree) {
  Bound bound = bind(tree);
  if (!bound) return {};
  if (bound.unknown) return coerce(problems_, std::move(bound), Type(kBoolean), CastKind::kImplicit, -1);
  if (bound.type().id == kBoolean) return bound;
  return problems_.fail(
      "TypeMismatch",
      fmt::format("argument of {} must be type boolean, not type {}", clause_, type_name(bound)),
      bound.expression->position, "write a comparison");
}

std::vector<Bound> Binder::bind_list(const json::Value& list, bool& good) {
  std::vector<Bound> out;
  if (!list.is_array()) return out;
  for (const json::Value& item : list.as_array()) {
    out.push_back(bind(item));
    good = good && out.back();
  }
  return out;
}

Bound Binder::bind_constant(const Tree& node) {
  const int byte = node.location();
  if (node.body->bool_or("isnull")) return literal_at(types::Datum::null(Type(kText)), byte, true);
  if (node.body->find("boolval") != nullptr) {
    return literal_at(types::Datum::boolean(node["boolval"].bool_or("boolval")), byte);
  }
  if (node.body->find("sval") != nullptr) {
    return literal_at(types::Datum::text(node["sval"].string_or("sval")), byte, true);
  }
  if (node.body->find("ival") != nullptr) {
    return literal_at(types::Datum::int4(static_cast<std::int32_t>(integer_of(problems_.source, *node.body))),
                      byte);
  }
  const std::string text = node["fval"].string_or("fval");
  const bool integral = text.find_first_of(".eE") == std::string::npos;
  if (integral) {
    // -2147483648 is written as a number too large for an integer, and a minus.
    for (types::TypeId type : {kInt4, kInt8}) {
      if (auto value = types::Datum::parse(Type(type), text)) return literal_at(*std::move(value), byte);
    }
  }
  auto value = types::Datum::parse(Type(kNumeric), text);
  if (!value) return problems_.fail("InvalidLiteral", value.error().message, byte);
  return literal_at(*std::move(value), byte);
}

const ScopeColumn* Binder::column_of(const Tree& node) {
  const json::Array& fields = node["fields"].as_array();
  const int byte = node.location();
  return fields.size() == 1 ? scope_.find(problems_, string_of(fields[0]), byte)
                            : scope_.find(problems_, string_of(fields[0]), string_of(fields[1]), byte);
}

Bound Binder::bind_column(const Tree& node) {
  const ScopeColumn* found = column_of(node);
  return found == nullptr ? Bound{} : Bound{to_expression(*found, node.location())};
}

// (table.column).field: a column of its own, which the record's decoder takes out.
Bound Binder::bind_field(const Tree& node) {
  const Tree column = column_below(node);
  const ScopeColumn* found = column_of(column);
  for (const std::string_view name : fields_selected(node)) {
    if (found != nullptr) found = scope_.find_field(problems_, *found, name, column.location());
  }
  return found == nullptr ? Bound{} : Bound{to_expression(*found, column.location())};
}

Bound Binder::bind_cast(const Tree& node) {
  Bound argument = bind(node["arg"]);
  auto type = type_of(problems_.source, node["typeName"], node.location());
  if (!type) {
    problems_.errors.push_back(std::move(type).error());
    return {};
  }
  return coerce(problems_, std::move(argument), *type, CastKind::kExplicit, node.location());
}

Bound Binder::bind_boolean(const Tree& node) {
  const std::string operation = node.body->string_or("boolop");
  const char* name = operation == "AND_EXPR" ? "AND" : operation == "OR_EXPR" ? "OR" : "NOT";
  std::vector<plan::ExpressionPtr> terms;
  bool good = true;
  for (const json::Value& item : node["args"].as_array()) {
    const std::string_view outer = std::exchange(clause_, name);
    Bound term = bind_condition(item);
    clause_ = outer;
    good = good && term;
    terms.push_back(std::move(term.expression));
  }
  if (!good) return {};
  if (*name == 'N') return {make_not(std::move(terms.front()), node.location())};
  const auto op = *name == 'A' ? plan::Logical::Op::kAnd : plan::Logical::Op::kOr;
  const bool nullable = any_nullable(terms);
  return {make_expression(plan::Logical{op, std::move(terms)}, Type(kBoolean), nullable, node.location())};
}

// x IS TRUE is COALESCE(x, false); IS FALSE is NOT COALESCE(x, true); IS UNKNOWN is IS NULL.
Bound Binder::bind_boolean_test(const Tree& node) {
  const std::string test = node.body->string_or("booltesttype");
  const bool negated = test.rfind("IS_NOT_", 0) == 0;
  const std::string what = test.substr(negated ? 7 : 3);
  const std::string_view outer = std::exchange(clause_, "IS TRUE, IS FALSE and IS UNKNOWN");
  Bound argument = bind_condition(node["arg"]);
  clause_ = outer;
  if (!argument) return {};
  const int byte = node.location();
  if (what == "UNKNOWN") {
    return {make_expression(plan::IsNull{argument.expression, negated}, Type(kBoolean), false, byte)};
  }
  const bool is_false = what == "FALSE";
  plan::ExpressionPtr known =
      make_expression(plan::Coalesce{{argument.expression, plan::literal(types::Datum::boolean(is_false))}},
                      Type(kBoolean), false, byte);
  return {is_false != negated ? make_not(std::move(known), byte) : known};
}

Bound Binder::bind_null_test(const Tree& node) {
  Bound argument = settle(problems_, bind(node["arg"]));
  if (!argument) return {};
  const bool negated = node.body->string_or("nulltesttype") == "IS_NOT_NULL";
  return {
      make_expression(plan::IsNull{argument.expression, negated}, Type(kBoolean), false, node.location())};
}

Bound Binder::bind_case(const Tree& node) {
  const bool simple = node.body->find("arg") != nullptr;
  Bound subject = simple ? bind(node["arg"]) : Bound{};
  bool good = !simple || subject;
  plan::Case out;
  std::vector<Bound> values;
  for (const json::Value& item : node["args"].as_array()) {
    const Tree branch(item);
    Bound when;
    if (!simple) {
      const std::string_view outer = std::exchange(clause_, "CASE WHEN");
      when = bind_condition(branch["expr"]);
      clause_ = outer;
    } else {
      Bound value = bind(branch["expr"]);
      when = subject && value ? binary("=", subject, std::move(value), branch.location()) : Bound{};
    }
    values.push_back(bind(branch["result"]));
    good = good && when && values.back();
    out.branches.push_back({std::move(when.expression), nullptr});
  }
  const bool has_else = node.body->find("defresult") != nullptr;
  if (has_else) {
    values.push_back(bind(node["defresult"]));
    good = good && values.back();
  }
  if (!good) return {};
  const auto type = common_type(problems_, values, "CASE", node.location());
  if (!type) return {};
  bool nullable = !has_else;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Bound value = coerce(problems_, std::move(values[i]), *type, CastKind::kImplicit, node.location());
    if (!value) return {};
    nullable = nullable || value.expression->nullable;
    (i < out.branches.size() ? out.branches[i].then : out.otherwise) = std::move(value.expression);
  }
  return {make_expression(std::move(out), *type, nullable, node.location())};
}

Bound Binder::bind_coalesce(const Tree& node) {
  bool good = true;
  std::vector<Bound> values = bind_list(node["args"], good);
  if (!good) return {};
  const auto type = common_type(problems_, values, "COALESCE", node.location());
  if (!type) return {};
  plan::Coalesce out;
  bool nullable = true;
  for (Bound& value : values) {
    value = coerce(problems_, std::move(value), *type, CastKind::kImplicit, node.location());
    if (!value) return {};
    nullable = nullable && value.expression->nullable;
    out.arguments.push_back(std::move(value.expression));
  }
  return {make_expression(std::move(out), *type, nullable, node.location())};
}

}  // namespace offtake::sql
