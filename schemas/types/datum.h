// One value outside of columns: literals in plans, defaults in schemas. Slow and convenient; never used
// per row.
#pragma once
#include <string>

#include "schemas/types/column.h"

namespace offtake::types {

// A typed constant, held as a column of one row.
struct Datum {
  ColumnPtr value;  // size() == 1
  const Type& type() const { return value->type(); }
  bool is_null() const { return value->is_null(0); }
  static Datum null(const Type& type);
  static Datum boolean(bool value);
  static Datum int4(std::int32_t value);
  static Datum int8(std::int64_t value);
  static Datum float8(double value);
  static Datum text(std::string_view value);
  // From PostgreSQL's text form; row error otherwise.
  static base::Result<Datum> parse(const Type& type, std::string_view text);
  std::string to_text() const;  // PostgreSQL's text form, "NULL" for NULL
};

}  // namespace offtake::types
