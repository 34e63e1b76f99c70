#include "controlplane/sql/binder.h"
#include "controlplane/sql/grammar.h"
#include "operators/expressions/time_unit.h"

namespace offtake::sql {
namespace {

using enum types::TypeId;
using plan::CastKind;
using types::Type;

bool is_operator(std::string_view name) {
  return name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

std::string written_call(std::string_view name, const std::vector<Bound>& arguments) {
  if (is_operator(name) && arguments.size() == 2) {
    return fmt::format("{} {} {}", type_name(arguments[0]), name, type_name(arguments[1]));
  }
  if (is_operator(name)) return fmt::format("{} {}", name, type_name(arguments[0]));
  std::string types;
  for (const Bound& argument : arguments) types += (types.empty() ? "" : ", ") + type_name(argument);
  return fmt::format("{}({})", name, types);
}

std::string hint_for(std::string_view name, const std::vector<Bound>& arguments, bool ambiguous) {
  if (ambiguous) return "CAST the literal to the type that is meant";
  if (name == "round" && arguments.size() == 2) return "CAST the first argument to numeric";
  if (is_operator(name) && arguments.size() == 2 && !arguments[0].unknown && !arguments[1].unknown) {
    return fmt::format("CAST one side: CAST(… AS {})", type_name(arguments[0]));
  }
  return "CAST the arguments to types that it takes";
}

bool is_null_literal(const Bound& value) {
  const auto* literal = std::get_if<plan::Literal>(&value.expression->node);
  return value.unknown && literal != nullptr && literal->value.is_null();
}

}  // namespace

Bound Binder::bind_function(const Tree& node) {
  std::string written = dotted(node["funcname"]);
  constexpr std::string_view kCatalog = "pg_catalog.";
  if (written.rfind(kCatalog, 0) == 0) written.erase(0, kCatalog.size());
  if (is_aggregate(written)) return bind_aggregate(node, written);
  const std::string_view name = function_name(written);
  bool good = true;
  std::vector<Bound> arguments = bind_list(node["args"], good);
  if (!good) return {};
  if (name == "substring" && arguments.size() >= 2 && arguments[1].type().id == kText &&
      !is_null_literal(arguments[1])) {
    return problems_.fail("SqlNotSupported", "substring with a pattern is not supported in this version",
                          node.location(), "give the position as a number");
  }
  return call(name, std::move(arguments), node.location());
}

Bound Binder::call(std::string_view name, std::vector<Bound> arguments, int byte) {
  for (const Bound& argument : arguments) {
    if (!argument) return {};
  }
  bool ambiguous = false;
  const plan::Signature* signature = choose_overload(name, arguments, ambiguous);
  if (signature == nullptr) {
    const char* what = is_operator(name) ? "operator" : "function";
    const char* why = ambiguous ? "is not unique" : "does not exist";
    return problems_.fail("UnknownFunction",
                          fmt::format("{} {}: {}", what, why, written_call(name, arguments)), byte,
                          hint_for(name, arguments, ambiguous));
  }
  plan::Call out;
  out.function = std::string(name);
  bool nullable = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    // Numbers with precision go in as they are.
    if (arguments[i].unknown || arguments[i].type().id != signature->arguments[i]) {
      arguments[i] = coerce(problems_, std::move(arguments[i]), Type(signature->arguments[i]),
                            CastKind::kImplicit, byte);
      if (!arguments[i]) return {};
    }
    nullable = nullable || arguments[i].expression->nullable;
  }
  if (!check_unit(name, arguments)) return {};
  for (Bound& argument : arguments) out.arguments.push_back(std::move(argument.expression));
  return {make_expression(std::move(out), Type(signature->result), nullable, byte)};
}

// A unit written as a literal is wrong for every row: it is refused here.
bool Binder::check_unit(std::string_view function, const std::vector<Bound>& arguments) {
  if (function != "date_trunc" && function != "extract") return true;
  const auto* literal = std::get_if<plan::Literal>(&arguments[0].expression->node);
  if (literal == nullptr || literal->value.is_null()) return true;
  const std::string unit = literal->value.to_text();
  const bool known = function == "extract" ? expressions::parse_extract_unit(unit).has_value()
                                           : expressions::parse_trunc_unit(unit).has_value();
  if (known) return true;
  problems_.fail("InvalidLiteral", expressions::unit_not_recognized(unit, arguments[1].type()),
                 arguments[0].expression->position,
                 "units are second, minute, hour, day, week, month, year …");
  return false;
}

Bound Binder::bind_aggregate(const Tree& node, const std::string& name) {
  const int byte = node.location();
  if (aggregates_ == nullptr) {
    return problems_.fail("GroupingError", fmt::format("aggregate functions are not allowed in {}", clause_),
                          byte, clause_ == "WHERE" ? "write the condition in HAVING" : "");
  }
  AggregateUse use;
  const bool star = node.body->bool_or("agg_star");
  const std::size_t count = node["args"].is_array() ? node["args"].as_array().size() : 0;
  if (star && name != "count") {
    return problems_.fail("UnknownFunction", fmt::format("{}(*) does not exist", name), byte,
                          "only count takes a star");
  }
  if (!star && count != 1) {
    return problems_.fail("UnknownFunction", fmt::format("{} takes one argument", name), byte,
                          name == "count" ? "write count(*) to count rows" : "");
  }
  if (!star) {
    Binder inner(problems_, scope_, "an aggregate's argument");
    Bound argument = settle(problems_, inner.bind(node["args"].as_array().front()));
    if (!argument) return {};
    use.function = name == "count" ? plan::Aggregate::kCount
                   : name == "sum" ? plan::Aggregate::kSum
                   : name == "min" ? plan::Aggregate::kMin
                   : name == "max" ? plan::Aggregate::kMax
                                   : plan::Aggregate::kAvg;
    use.argument = std::move(argument.expression);
  }
  auto type = plan::aggregate_type(use.function, use.argument ? use.argument->type : Type(kInt8));
  if (!type) return problems_.fail("UnknownFunction", type.error().message, byte, type.error().hint);
  use.type = *std::move(type);
  std::size_t index = 0;
  for (; index < aggregates_->size(); ++index) {
    const AggregateUse& other = (*aggregates_)[index];
    if (other.function != use.function || !other.argument != !use.argument) continue;
    if (!use.argument || plan::equal(*other.argument, *use.argument)) break;
  }
  if (index == aggregates_->size()) aggregates_->push_back(use);
  const bool counts = use.function == plan::Aggregate::kCountAll || use.function == plan::Aggregate::kCount;
  return {
      make_expression(plan::ColumnRef{kAggregateBase + static_cast<int>(index)}, use.type, !counts, byte)};
}

}  // namespace offtake::sql
