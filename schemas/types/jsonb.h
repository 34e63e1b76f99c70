// Canonical JSON text: how jsonb, array, record and map values are held in columns. It is the text that
// PostgreSQL prints for jsonb: members ordered by the length of their names, then by their bytes, the last of
// equal names wins, ", " and ": " between, numbers as numeric prints them ("1.50", 1e2 as "100").
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::types {

// Any JSON document in canonical form. Row error "invalid input syntax for type json"; U+0000 is refused as
// PostgreSQL does. Depth up to 500.
base::Result<std::string> canonical_jsonb(std::string_view json);

// Appends `text` as a JSON string with PostgreSQL's escapes. REQUIRES: valid UTF-8 without U+0000.
void append_json_string(std::string_view text, std::string& out);

// The canonical text with numbers that are equal (1, 1.0) spelled equally: for hashes and keys. `scratch`
// holds it where it differs from `canonical`.
std::string_view jsonb_key(std::string_view canonical, std::string& scratch);

// Orders member names as PostgreSQL does.
bool jsonb_name_less(std::string_view a, std::string_view b);

}  // namespace offtake::types
