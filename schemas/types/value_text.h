// Pieces of PostgreSQL's text forms, for code that makes text of values (casts, to_char, targets).
#pragma once
#include <string>
#include <string_view>

#include "schemas/types/column.h"

namespace offtake::types {

void append_float8(double value, std::string& out);  // shortest that reads back: "1e+20", "0.1", "-0"
void append_float4(float value, std::string& out);
void append_date(std::int32_t days, std::string& out);    // "2026-11-23", "0044-03-15 BC"
void append_time(std::int64_t micros, std::string& out);  // "09:02:11.5"
void append_timestamp(std::int64_t micros, bool with_zone, std::string& out);  // with zone: "...+00"
void append_interval(const Interval& value, std::string& out);  // "1 year 2 mons -3 days +04:05:06"
void append_uuid(const Uuid& value, std::string& out);
void append_bytea(std::string_view bytes, std::string& out);  // "\x00ff"
// An array held as JSON text, as PostgreSQL prints arrays: {1,NULL,"a b"}.
void append_array(const Type& type, std::string_view json, std::string& out);

}  // namespace offtake::types
