// Where PostgreSQL's values end, and the days and microseconds between its epoch (2000) and ours (1970).
#pragma once
#include <cstddef>
#include <cstdint>

namespace offtake::targets::postgres {

inline constexpr std::int32_t kEpochDays = 10'957;
inline constexpr std::int64_t kEpochMicros = 946'684'800'000'000;

// In our days and microseconds; inclusive. 4713-11-24 BC is the first day, 5874897-12-31 the last; timestamps
// end in the year 294276, later than any of ours.
inline constexpr std::int32_t kFirstDate = -2'440'588;
inline constexpr std::int32_t kLastDate = 2'145'042'905;
inline constexpr std::int64_t kFirstTimestamp = -210'866'803'200'000'000;

inline constexpr int kMaxPrecision = 1'000;
inline constexpr int kMaxNumericWeight = 131'072,
                     kMaxNumericScale = 16'383;  // digits before, after the point
inline constexpr std::size_t kMaxNameBytes = 63;
inline constexpr std::size_t kMaxColumns = 1'600;
inline constexpr std::size_t kMaxKeyBytes = 2'704;  // of a btree entry, its header included

}  // namespace offtake::targets::postgres
