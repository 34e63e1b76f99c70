// A value as JSON, exactly: every digit of an integer, numeric and times as text, nested values as they are.
// Pure.
#pragma once
#include <string>

#include "schemas/types/batch.h"

namespace offtake::targets::protocol {

// REQUIRES: it is not NULL.
void append_json_value(const types::Column& column, std::size_t row, std::string& out);

}  // namespace offtake::targets::protocol
