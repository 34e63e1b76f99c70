// Arrays and single values as JSON: how nested values are put together (see array_text.cc).
#pragma once
#include <string>
#include <string_view>

#include "schemas/types/column.h"

namespace offtake::types {

// The value as an element of canonical JSON, as PostgreSQL's to_jsonb gives it.
void append_json_value(const Column& column, std::size_t row, std::string& out);
// Reads PostgreSQL's array literal into canonical JSON text. "malformed array literal" (row).
base::Result<std::string> array_from_text(const Type& type, std::string_view text);

}  // namespace offtake::types
