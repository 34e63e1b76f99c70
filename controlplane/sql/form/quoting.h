// Names and values as SQL writes them. Internal to this folder. REQUIRES: on_deep_stack.
#pragma once
#include <string>
#include <string_view>

#include "schemas/types/type.h"

namespace offtake::sql::form {

// Bare where PostgreSQL reads the same name back, else in quotes. Code Invalid: empty, longer than 63 bytes,
// or not writable at all.
base::Result<std::string> quote_name(std::string_view name);
// A column as a query names it, a field of a record by its path: o.status, (o.address).city. Without the
// alias where that is empty.
base::Result<std::string> written_column(std::string_view alias, std::string_view path);
// A dataset's or namespace's name, with '_' for '-'.
base::Result<std::string> quote_resource(std::string_view name);

// A value in PostgreSQL's text form, as a literal for comparisons with that type. Code Invalid says what the
// type takes.
base::Result<std::string> quote_value(const types::Type& type, std::string_view value);
// 'text', whatever it holds.
std::string quote_text(std::string_view text);

// One expression, without what would end it or go on after it: what stands between the first and the last
// token. Code Invalid with the parser's words.
base::Result<std::string> check_expression(std::string_view text);

}  // namespace offtake::sql::form
