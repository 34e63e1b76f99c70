#include "schemas/types/datum.h"

#include "schemas/types/batch.h"

namespace offtake::types {
namespace {

template <class T>
Datum one(TypeId type, const T& value) {
  ColumnBuilder builder{Type(type)};
  builder.append(value);
  return {builder.finish()};
}

}  // namespace

Datum Datum::null(const Type& type) {
  return {Column::nulls(type, 1)};
}
Datum Datum::boolean(bool value) {
  return one(TypeId::kBoolean, static_cast<std::uint8_t>(value ? 1 : 0));
}
Datum Datum::int4(std::int32_t value) {
  return one(TypeId::kInt4, value);
}
Datum Datum::int8(std::int64_t value) {
  return one(TypeId::kInt8, value);
}
Datum Datum::float8(double value) {
  return one(TypeId::kFloat8, value);
}

Datum Datum::text(std::string_view value) {
  ColumnBuilder builder{Type(TypeId::kText)};
  builder.append_text(value);
  return {builder.finish()};
}

base::Result<Datum> Datum::parse(const Type& type, std::string_view text) {
  ColumnBuilder builder(type);
  if (auto done = append_parsed(builder, text); !done) return done.error();
  return Datum{builder.finish()};
}

std::string Datum::to_text() const {
  return value_text(*value, 0);
}

}  // namespace offtake::types
