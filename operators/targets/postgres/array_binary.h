// Arrays of scalars between canonical JSON text (how columns hold them) and PostgreSQL's binary form.
#pragma once
#include <string_view>

#include "operators/targets/postgres/binary_writer.h"

namespace offtake::targets::postgres {

// REQUIRES: is_native_array(type). Without the field's length. An element that its type does not read becomes
// NULL; the image has refused such rows before.
void put_array(const types::Type& type, std::string_view json, ByteBuffer& out);
// Appends the array to `builder` as canonical JSON text.
base::Status read_array(std::string_view bytes, types::ColumnBuilder& builder);

// The elements as a column of the element type. Row error for an element that does not read.
base::Result<types::ColumnPtr> array_elements(const types::Type& type, std::string_view json);

}  // namespace offtake::targets::postgres
