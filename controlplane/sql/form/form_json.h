// Forms, analyses and edits as the builder's API has them.
#pragma once
#include "base/json/value.h"
#include "controlplane/sql/form/analyse.h"
#include "controlplane/sql/form/edit.h"

namespace offtake::sql::form {

// Members: hash, sql, form or undrawable, diagnostics, output, key, as far as they are known.
json::Value to_json(const Analysis& analysis, std::string_view sql);

// BadRequest names the member that is wrong.
base::Result<Edit> edit_from_json(const json::Value& value);

}  // namespace offtake::sql::form
