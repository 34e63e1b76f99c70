// Casts to and from text: what PostgreSQL prints and reads with TimeZone UTC.
#include <optional>

#include "operators/expressions/cast.h"

namespace offtake::expressions {
namespace {

using types::TypeId;

types::ColumnPtr to_text(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  const bool is_boolean = operand.column->type().id == TypeId::kBoolean;
  std::string text;
  return map_texts(call, [&](std::size_t row) -> std::optional<std::string_view> {
    text = types::value_text(*operand.column, operand.at(row));
    // The one type whose cast writes another text than its output does.
    if (is_boolean) text = text == "t" ? "true" : "false";
    return text;
  });
}

types::ColumnPtr from_text(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  types::ColumnBuilder builder(call.result);
  builder.reserve(call.size());
  for (std::size_t row = 0; row < call.size(); ++row) {
    if (operand.is_null(row)) {
      builder.append_null();
      continue;
    }
    const base::Status parsed = types::append_parsed(builder, operand.text(row));
    if (parsed) continue;
    builder.truncate(row);
    builder.append_null();
    call.fail(row, parsed.error().message);
  }
  return builder.finish();
}

types::ColumnPtr same(const Invocation& call) {
  const Operand& operand = call.arguments[0];
  return operand.constant ? operand.column->repeat(0, call.size()) : operand.column;
}

}  // namespace

Kernel find_text_cast(TypeId from, TypeId to) {
  if (from == to) return from == TypeId::kNumeric ? nullptr : same;
  if (to == TypeId::kText) return to_text;
  const bool nested = to == TypeId::kArray || to == TypeId::kRecord || to == TypeId::kMap;
  return from == TypeId::kText && !nested ? from_text : nullptr;
}

Kernel find_cast(const types::Type& from, const types::Type& to) {
  if (plan::cast_kind(from, to) == plan::CastKind::kNone) return nullptr;
  if (Kernel kernel = find_number_cast(from.id, to.id)) return kernel;
  if (Kernel kernel = find_time_cast(from.id, to.id)) return kernel;
  return find_text_cast(from.id, to.id);
}

}  // namespace offtake::expressions
