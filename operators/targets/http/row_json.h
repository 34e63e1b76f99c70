// Rows as JSON, exactly. What each type becomes is in type_notes() (docs/types.md). Pure.
#pragma once
#include <string>
#include <vector>

#include "operators/targets/target.h"
#include "schemas/types/batch.h"

namespace offtake::targets::http {

// The object of one row: {"id":1,"amount":"12.50"}. REQUIRES: as many fields as columns.
void append_row(const std::vector<types::Field>& fields, const types::Batch& rows, std::size_t row,
                std::string& out);
void append_value(const types::Column& column, std::size_t row, std::string& out);  // null for NULL

std::vector<TypeNote> type_notes();

}  // namespace offtake::targets::http
