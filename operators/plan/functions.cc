#include "operators/plan/functions.h"

#include <fmt/format.h>

#include <algorithm>

#include "operators/plan/expression.h"

namespace offtake::plan {
namespace {

using enum types::TypeId;
using types::TypeId;

void add(std::vector<Signature>& table, std::string_view name, std::vector<TypeId> arguments, TypeId result,
         bool can_fail = false) {
  table.push_back({name, std::move(arguments), result, true, can_fail});
}

void add_arithmetic(std::vector<Signature>& table) {
  for (std::string_view name : {"+", "-", "*", "/"}) {
    for (TypeId type : {kInt4, kInt8, kFloat4, kFloat8, kNumeric}) add(table, name, {type, type}, type, true);
  }
  for (TypeId type : {kInt4, kInt8, kNumeric}) add(table, "%", {type, type}, type, true);
  for (TypeId type : {kInt4, kInt8, kFloat4, kFloat8, kNumeric}) {
    const bool overflows = types::is_integer(type);
    add(table, "-", {type}, type, overflows);
    add(table, "abs", {type}, type, overflows);
  }
  add(table, "round", {kFloat8}, kFloat8);
  add(table, "round", {kNumeric}, kNumeric, true);
  add(table, "round", {kNumeric, kInt4}, kNumeric, true);
}

void add_comparison(std::vector<Signature>& table) {
  for (std::string_view name : {"=", "<>", "<", "<=", ">", ">="}) {
    for (TypeId type : {kBoolean, kInt4, kInt8, kFloat4, kFloat8, kNumeric, kText, kBytea, kUuid, kDate,
                        kTime, kTimestamp, kTimestampTz, kInterval}) {
      add(table, name, {type, type}, kBoolean);
    }
  }
  for (std::string_view name : {"=", "<>"}) add(table, name, {kJsonb, kJsonb}, kBoolean);
}

void add_text(std::vector<Signature>& table) {
  add(table, "||", {kText, kText}, kText);
  add(table, "||", {kBytea, kBytea}, kBytea);
  add(table, "lower", {kText}, kText);
  add(table, "upper", {kText}, kText);
  add(table, "length", {kText}, kInt4);
  add(table, "length", {kBytea}, kInt4);
  add(table, "substring", {kText, kInt4}, kText);
  add(table, "substring", {kText, kInt4, kInt4}, kText, true);
  for (std::string_view name : {"btrim", "ltrim", "rtrim"}) {
    add(table, name, {kText}, kText);
    add(table, name, {kText, kText}, kText);
  }
  add(table, "like", {kText, kText}, kBoolean, true);
  add(table, "like_escape", {kText, kText}, kText, true);
}

void add_time(std::vector<Signature>& table) {
  for (TypeId type : {kTimestamp, kTimestampTz, kInterval}) {
    add(table, "date_trunc", {kText, type}, type, true);
  }
  for (TypeId type : {kDate, kTime, kTimestamp, kTimestampTz, kInterval}) {
    add(table, "extract", {kText, type}, kNumeric, true);
  }
  add(table, "+", {kDate, kInt4}, kDate, true);
  add(table, "-", {kDate, kInt4}, kDate, true);
  add(table, "-", {kDate, kDate}, kInt4, true);
  for (std::string_view name : {"+", "-"}) {
    add(table, name, {kDate, kInterval}, kTimestamp, true);
    add(table, name, {kTimestamp, kInterval}, kTimestamp, true);
    add(table, name, {kTimestampTz, kInterval}, kTimestampTz, true);
    add(table, name, {kInterval, kInterval}, kInterval, true);
  }
  add(table, "-", {kTimestamp, kTimestamp}, kInterval, true);
  add(table, "-", {kTimestampTz, kTimestampTz}, kInterval, true);
  add(table, "-", {kInterval}, kInterval, true);
}

const std::vector<Signature>& table() {
  static const std::vector<Signature> rows = [] {
    std::vector<Signature> made;
    add_arithmetic(made);
    add_comparison(made);
    add_text(made);
    add_time(made);
    return made;
  }();
  return rows;
}

base::Error no_aggregate(Aggregate aggregate, const types::Type& argument) {
  return base::terminal("UnsupportedAggregate", fmt::format("{}({}) does not exist", to_string(aggregate),
                                                            types::to_string(argument)))
      .with_hint("cast the argument to a type that has it, such as numeric or text");
}

bool is_plain(TypeId id) {
  return id != kArray && id != kRecord && id != kMap;
}

}  // namespace

std::span<const Signature> all_signatures() {
  return table();
}

const Signature* find_signature(std::string_view name, std::span<const TypeId> arguments) {
  for (const Signature& row : table()) {
    if (row.name == name &&
        std::equal(row.arguments.begin(), row.arguments.end(), arguments.begin(), arguments.end())) {
      return &row;
    }
  }
  return nullptr;
}

std::string_view to_string(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kCountAll:
    case Aggregate::kCount:
      return "count";
    case Aggregate::kSum:
      return "sum";
    case Aggregate::kMin:
      return "min";
    case Aggregate::kMax:
      return "max";
    case Aggregate::kAvg:
      return "avg";
  }
  return "";
}

base::Result<types::Type> aggregate_type(Aggregate aggregate, const types::Type& argument) {
  const TypeId id = argument.id;
  switch (aggregate) {
    case Aggregate::kCountAll:
    case Aggregate::kCount:
      return types::Type(kInt8);
    case Aggregate::kSum:
      if (id == kInt4) return types::Type(kInt8);
      if (id == kInt8 || id == kNumeric) return types::Type(kNumeric);
      if (id == kFloat4 || id == kFloat8 || id == kInterval) return types::Type(id);
      break;
    case Aggregate::kAvg:
      if (id == kInt4 || id == kInt8 || id == kNumeric) return types::Type(kNumeric);
      if (id == kFloat4 || id == kFloat8) return types::Type(kFloat8);
      if (id == kInterval) return types::Type(kInterval);
      break;
    case Aggregate::kMin:
    case Aggregate::kMax:
      // As PostgreSQL 15: booleans, uuids, bytea and jsonb have no min and max.
      if (types::is_numeric(id) || id == kText || id == kDate || id == kTime || id == kTimestamp ||
          id == kTimestampTz || id == kInterval) {
        return types::Type(id);
      }
      break;
  }
  return no_aggregate(aggregate, argument);
}

CastKind cast_kind(const types::Type& from, const types::Type& to) {
  if (from.id == to.id) {
    if (!is_plain(from.id)) return from == to ? CastKind::kImplicit : CastKind::kNone;
    return CastKind::kImplicit;
  }
  if (!is_plain(from.id)) return to.id == kText ? CastKind::kAssignment : CastKind::kNone;
  if (!is_plain(to.id)) return CastKind::kNone;
  if (to.id == kText) return CastKind::kAssignment;
  if (from.id == kText) return CastKind::kExplicit;
  struct Row {
    TypeId from, to;
    CastKind kind;
  };
  using enum CastKind;
  static constexpr Row kRows[] = {
      {kInt4, kInt8, kImplicit},
      {kInt8, kInt4, CastKind::kAssignment},
      {kInt4, kFloat4, kImplicit},
      {kInt4, kFloat8, kImplicit},
      {kInt8, kFloat4, kImplicit},
      {kInt8, kFloat8, kImplicit},
      {kInt4, kNumeric, kImplicit},
      {kInt8, kNumeric, kImplicit},
      {kFloat4, kFloat8, kImplicit},
      {kFloat8, kFloat4, CastKind::kAssignment},
      {kFloat4, kInt4, kAssignment},
      {kFloat4, kInt8, kAssignment},
      {kFloat8, kInt4, kAssignment},
      {kFloat8, kInt8, kAssignment},
      {kFloat4, kNumeric, kAssignment},
      {kFloat8, kNumeric, kAssignment},
      {kNumeric, kInt4, kAssignment},
      {kNumeric, kInt8, kAssignment},
      {kNumeric, kFloat4, kImplicit},
      {kNumeric, kFloat8, kImplicit},
      {kBoolean, kInt4, kExplicit},
      {kInt4, kBoolean, kExplicit},
      {kDate, kTimestamp, kImplicit},
      {kDate, kTimestampTz, kImplicit},
      {kTimestamp, kTimestampTz, kImplicit},
      {kTimestamp, kDate, kAssignment},
      {kTimestampTz, kDate, kAssignment},
      {kTimestampTz, kTimestamp, kAssignment},
      {kTimestamp, kTime, kAssignment},
      {kTimestampTz, kTime, kAssignment},
      {kTime, kInterval, kImplicit},
      {kInterval, kTime, kAssignment},
  };
  for (const Row& row : kRows) {
    if (row.from == from.id && row.to == to.id) return row.kind;
  }
  return CastKind::kNone;
}

bool cast_can_fail(const types::Type& from, const types::Type& to) {
  if (to.id == kText) return false;
  if (from.id == to.id) return to.id == kNumeric && to.precision > 0;
  const auto never = [&](TypeId a, TypeId b) { return from.id == a && to.id == b; };
  if (never(kInt4, kInt8) || never(kInt4, kFloat4) || never(kInt4, kFloat8) || never(kInt8, kFloat4) ||
      never(kInt8, kFloat8) || never(kFloat4, kFloat8) || never(kBoolean, kInt4) || never(kInt4, kBoolean) ||
      never(kTimestamp, kTimestampTz) || never(kTimestampTz, kTimestamp) || never(kTimestamp, kDate) ||
      never(kTimestampTz, kDate) || never(kTimestamp, kTime) || never(kTimestampTz, kTime) ||
      never(kTime, kInterval) || never(kInterval, kTime)) {
    return false;
  }
  if ((never(kInt4, kNumeric) || never(kInt8, kNumeric)) && to.precision == 0) return false;
  return true;
}

bool can_fail(const Expression& expression) {
  bool fails = false;
  if (const auto* call = std::get_if<Call>(&expression.node)) {
    std::vector<TypeId> arguments;
    for (const ExpressionPtr& argument : call->arguments) arguments.push_back(argument->type.id);
    const Signature* signature = find_signature(call->function, arguments);
    fails = signature == nullptr || signature->can_fail;
  } else if (const auto* cast = std::get_if<Cast>(&expression.node)) {
    fails = cast_can_fail(cast->argument->type, expression.type);
  }
  for_each_child(expression, [&](const ExpressionPtr& child) { fails = fails || can_fail(*child); });
  return fails;
}

}  // namespace offtake::plan
