// Dates, times and intervals from text, as PostgreSQL reads them with TimeZone UTC and DateStyle ISO: ISO
// 8601 forms, zones as Z, UTC, GMT or offsets, BC. Named zones, month names, now, today and infinity are
// refused. Row errors with PostgreSQL's messages.
#pragma once
#include <string_view>

#include "base/result.h"
#include "schemas/types/column.h"

namespace offtake::types {

base::Result<std::int32_t> parse_date(std::string_view text);
base::Result<std::int64_t> parse_time(std::string_view text);
// A zone in the text is applied when `with_zone`, else ignored.
base::Result<std::int64_t> parse_timestamp(std::string_view text, bool with_zone);
// "1 year 2 mons 3 days 04:05:06.7", "-1 day ago", "1.5 hours", "P1Y2M3DT4H5M6S".
base::Result<Interval> parse_interval(std::string_view text);

}  // namespace offtake::types
