// Dates, times and durations as engines without such types hold them: ISO 8601 text. Fractions have six
// digits always, so that text order is time order; years beyond 0000..9999 have a sign ("+12026-01-01").
#pragma once
#include <string>
#include <string_view>

#include "schemas/types/column.h"

namespace offtake::targets::protocol {

std::string date_text(std::int32_t days);                         // 2026-11-23
std::string time_text(std::int64_t micros);                       // 09:02:11.250000
std::string timestamp_text(std::int64_t micros, bool with_zone);  // 2026-11-23T09:02:11.250000Z
std::string interval_text(const types::Interval& interval);       // P1M2DT3.500000S
std::string uuid_text(const types::Uuid& uuid);

// What the functions above wrote; code BadStoredValue (terminal) for anything else.
base::Result<std::int32_t> parse_date(std::string_view text);
base::Result<std::int64_t> parse_time(std::string_view text);
base::Result<std::int64_t> parse_timestamp(std::string_view text);
base::Result<types::Interval> parse_interval(std::string_view text);
base::Result<types::Uuid> parse_uuid(std::string_view text);

}  // namespace offtake::targets::protocol
