// How each type stands in a SQLite column: binding, reading back, and the engine's table of types.
#pragma once
#include <string>
#include <string_view>

#include "base/sqlite/database.h"
#include "operators/targets/target.h"

namespace offtake::targets::sqlite {

namespace db = offtake::sqlite;

// INTEGER, REAL, TEXT or BLOB: the declared type decides SQLite's affinity, and numeric affinity would turn
// exact decimals into doubles.
std::string_view declared_type(types::TypeId id);

// Binds the value; `column` must stay until the statement was run.
void bind_value(db::Statement& statement, int parameter, const types::Column& column, std::size_t row);
// Appends what stands in `column` of the current row.
base::Status read_value(const db::Statement& statement, int column, types::ColumnBuilder& builder);

// As a query of the column shows it.
std::string value_text(const types::Column& column, std::size_t row);

}  // namespace offtake::targets::sqlite
