#include "controlplane/sql/binder.h"

namespace offtake::sql {
namespace {

using enum types::TypeId;
using plan::CastKind;
using types::Type;
using types::TypeId;

bool is_comparison(std::string_view name) {
  return name == "=" || name == "<>" || name == "<" || name == "<=" || name == ">" || name == ">=";
}

bool reads_columns(const plan::Expression& expression) {
  std::vector<int> columns;
  plan::collect_columns(expression, columns);
  return !columns.empty();
}

bool is_time(TypeId id) {
  return id == kDate || id == kTimestamp || id == kTimestampTz;
}

}  // namespace

Bound Binder::bind_operation(const Tree& node) {
  const std::string kind = node.body->string_or("kind");
  if (kind == "AEXPR_IN") return bind_in(node);
  if (kind == "AEXPR_BETWEEN" || kind == "AEXPR_NOT_BETWEEN") return bind_between(node);
  if (kind == "AEXPR_LIKE") return bind_like(node);
  if (kind == "AEXPR_NULLIF") return bind_nullif(node);
  const std::string name = dotted(node["name"]);
  Bound right = bind(node["rexpr"]);
  if (node.body->find("lexpr") == nullptr) {
    if (!right) return {};
    if (name == "-") return call("-", {std::move(right)}, node.location());
    if (right.unknown || types::is_numeric(right.type().id)) {
      const Type type(right.unknown ? kFloat8 : right.type().id);
      return coerce(problems_, std::move(right), type, CastKind::kImplicit, node.location());
    }
    return problems_.fail("TypeMismatch", "operator does not exist: + " + type_name(right), node.location());
  }
  Bound left = bind(node["lexpr"]);
  if (!left || !right) return {};
  return binary(name, std::move(left), std::move(right), node.location());
}

Bound Binder::binary(const std::string& name, Bound left, Bound right, int byte) {
  if (name == "||") return concatenate(std::move(left), std::move(right), byte);
  if (!left.unknown && !right.unknown) {
    // PostgreSQL has operators for every pair of number types and of time types; here both sides are cast.
    const TypeId a = left.type().id, b = right.type().id;
    const bool numbers = a != b && types::is_numeric(a) && types::is_numeric(b);
    const bool times = a != b && is_comparison(name) && is_time(a) && is_time(b);
    const auto type = comparable_type(left.type(), right.type());
    const bool fits = name != "%" || (type && type->id != kFloat8);
    if ((numbers || times) && type && fits) {
      left = coerce(problems_, std::move(left), *type, CastKind::kImplicit, byte);
      right = coerce(problems_, std::move(right), *type, CastKind::kImplicit, byte);
      return call(name, {std::move(left), std::move(right)}, byte);
    }
    const bool shifts = b == kDate || b == kTimestamp || b == kTimestampTz;
    if (name == "+" && shifts && (a == kInt4 || a == kInterval)) std::swap(left, right);
  }
  if (name == "=" && clause_ == "JOIN/ON" && !left.unknown && !right.unknown &&
      !comparable_type(left.type(), right.type())) {
    return problems_.fail("JoinTypeMismatch",
                          fmt::format("cannot join {} ({}) with {} ({})", describe(left), type_name(left),
                                      describe(right), type_name(right)),
                          byte, fmt::format("write CAST({} AS {})", describe(right), type_name(left)));
  }
  if (is_comparison(name) && left.unknown && right.unknown) {
    left = settle(problems_, std::move(left));
    right = settle(problems_, std::move(right));
  }
  return call(name, {std::move(left), std::move(right)}, byte);
}

std::string Binder::describe(const Bound& value) const {
  if (const auto* column = std::get_if<plan::ColumnRef>(&value.expression->node)) {
    for (const ScopeColumn& known : scope_.visible) {
      if (known.index == column->index) return known.table + "." + known.name;
    }
  }
  return "the expression";
}

// Whatever stands beside text is written as text.
Bound Binder::concatenate(Bound left, Bound right, int byte) {
  const auto is_text = [](const Bound& value) { return value.unknown || value.type().id == kText; };
  const auto is_bytes = [](const Bound& value) { return !value.unknown && value.type().id == kBytea; };
  const bool bytes =
      (is_bytes(left) && (right.unknown || is_bytes(right))) || (left.unknown && is_bytes(right));
  if (!bytes && (is_text(left) || is_text(right))) {
    left = coerce(problems_, std::move(left), Type(kText), CastKind::kAssignment, byte);
    right = coerce(problems_, std::move(right), Type(kText), CastKind::kAssignment, byte);
    if (!left || !right) return {};
  }
  return call("||", {std::move(left), std::move(right)}, byte);
}

// Items without columns go into one list of a common type; the others are compared one by one.
Bound Binder::bind_in(const Tree& node) {
  Bound subject = bind(node["lexpr"]);
  bool good = static_cast<bool>(subject);
  std::vector<Bound> items = bind_list(Tree(node["rexpr"])["items"], good);
  if (!good) return {};
  const int byte = node.location();
  const bool negated = dotted(node["name"]) == "<>";
  std::vector<Bound> constants{subject}, others;
  for (Bound& item : items) (reads_columns(*item.expression) ? others : constants).push_back(std::move(item));
  std::vector<plan::ExpressionPtr> terms;
  if (constants.size() > 1) {
    const auto type = common_type(problems_, constants, "IN", byte);
    if (!type) return {};
    plan::InList list;
    bool nullable = false;
    for (std::size_t i = 0; i < constants.size(); ++i) {
      Bound value = coerce(problems_, std::move(constants[i]), *type, CastKind::kImplicit, byte);
      if (!value) return {};
      nullable = nullable || value.expression->nullable;
      if (i == 0) {
        list.argument = std::move(value.expression);
      } else {
        list.list.push_back(std::move(value.expression));
      }
    }
    if (plan::find_signature("=", std::vector<TypeId>{type->id, type->id}) == nullptr) {
      return problems_.fail("TypeMismatch", "IN is not supported for type " + types::to_string(*type), byte);
    }
    terms.push_back(make_expression(std::move(list), Type(kBoolean), nullable, byte));
  }
  bool nullable = !terms.empty() && terms.front()->nullable;
  for (Bound& item : others) {
    Bound equal = binary("=", subject, std::move(item), byte);
    if (!equal) return {};
    nullable = nullable || equal.expression->nullable;
    terms.push_back(std::move(equal.expression));
  }
  plan::ExpressionPtr any = terms.size() == 1
                                ? terms.front()
                                : make_expression(plan::Logical{plan::Logical::Op::kOr, std::move(terms)},
                                                  Type(kBoolean), nullable, byte);
  return {negated ? make_not(std::move(any), byte) : any};
}

Bound Binder::bind_between(const Tree& node) {
  Bound subject = bind(node["lexpr"]);
  bool good = static_cast<bool>(subject);
  std::vector<Bound> bounds = bind_list(Tree(node["rexpr"])["items"], good);
  if (!good || bounds.size() != 2) return {};
  const bool negated = node.body->string_or("kind") == "AEXPR_NOT_BETWEEN";
  const int byte = node.location();
  Bound low = binary(negated ? "<" : ">=", subject, std::move(bounds[0]), byte);
  Bound high = binary(negated ? ">" : "<=", subject, std::move(bounds[1]), byte);
  if (!low || !high) return {};
  const bool nullable = low.expression->nullable || high.expression->nullable;
  const auto op = negated ? plan::Logical::Op::kOr : plan::Logical::Op::kAnd;
  return {
      make_expression(plan::Logical{op, {low.expression, high.expression}}, Type(kBoolean), nullable, byte)};
}

Bound Binder::bind_like(const Tree& node) {
  Bound text = bind(node["lexpr"]);
  Bound pattern = bind(node["rexpr"]);
  if (!text || !pattern) return {};
  const int byte = node.location();
  for (Bound* side : {&text, &pattern}) {
    *side = settle(problems_, std::move(*side));
    if (side->type().id != kText) {
      return problems_.fail("TypeMismatch", "LIKE needs text, not " + type_name(*side), byte,
                            "CAST it to text");
    }
  }
  Bound like = call("like", {std::move(text), std::move(pattern)}, byte);
  if (!like || dotted(node["name"]) == "~~") return like;
  return {make_not(std::move(like.expression), byte)};
}

// CASE WHEN a = b THEN NULL ELSE a END, where `a` has the type it takes in the comparison.
Bound Binder::bind_nullif(const Tree& node) {
  Bound left = bind(node["lexpr"]);
  Bound right = bind(node["rexpr"]);
  if (!left || !right) return {};
  const int byte = node.location();
  if (left.unknown && right.unknown) left = settle(problems_, std::move(left));
  Bound equal = binary("=", left, right, byte);
  if (!equal) return {};
  if (left.unknown) left = coerce(problems_, left, right.type(), CastKind::kImplicit, byte);
  if (!left) return {};
  // Among integers, floats and times PostgreSQL compares without promoting the first argument.
  const auto kind = [](TypeId id) {
    return types::is_integer(id) ? 'i' : id == kFloat4 || id == kFloat8 ? 'f' : is_time(id) ? 't' : ' ';
  };
  const TypeId a = left.type().id, b = right.unknown ? a : right.type().id;
  if (a != b && (kind(a) == ' ' || kind(a) != kind(b))) {
    const auto type = comparable_type(left.type(), right.type());
    if (type) left = coerce(problems_, std::move(left), *type, CastKind::kImplicit, byte);
    if (!left) return {};
  }
  const Type type = left.type();
  plan::Case out;
  out.branches.push_back({equal.expression, plan::literal(types::Datum::null(type))});
  out.otherwise = left.expression;
  return {make_expression(std::move(out), type, true, byte)};
}

}  // namespace offtake::sql
