// What SQLite says, as an Error. Internal to base/sqlite.
#pragma once
#include <sqlite3.h>

#include "base/result.h"

namespace offtake::sqlite {

// `database` may be null when it could not be made at all.
base::Error make_error(int code, sqlite3* database, std::string_view sql);

}  // namespace offtake::sqlite
