// The values of one row as SQLite stores them, as JSON: for what is written again later.
#pragma once
#include "base/json/value.h"
#include "base/sqlite/database.h"

namespace offtake::targets::sqlite {

namespace db = offtake::sqlite;

// Of the current row: [1,"x",null,{"real":"0x1.8p+0"},{"blob":"00ff"}].
json::Value row_values(const db::Statement& statement);

// Binds such a row to the parameters from 1 on. BadControlRow (terminal).
base::Status bind_values(db::Statement& statement, const json::Value& row);

}  // namespace offtake::targets::sqlite
