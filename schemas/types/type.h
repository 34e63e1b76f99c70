// Logical types: what a column means, shared by schemas, plans, the engine and targets.
// Names and semantics are PostgreSQL's. Plain data; thread-safe to read.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace offtake::types {

enum class TypeId : std::uint8_t {
  kBoolean,
  kInt4,
  kInt8,
  kFloat4,
  kFloat8,
  kNumeric,  // exact; precision and scale optional
  kText,
  kBytea,
  kUuid,
  kDate,         // days since 1970-01-01
  kTime,         // microseconds since midnight
  kTimestamp,    // microseconds since 1970-01-01T00:00:00, without zone
  kTimestampTz,  // microseconds since 1970-01-01T00:00:00Z
  kInterval,
  kJsonb,
  kArray,   // of nested->fields[0]
  kRecord,  // of nested->fields
  kMap,     // text -> nested->fields[0]
};

// How one value lies in memory (column.h).
enum class Physical : std::uint8_t {
  kBool,   // std::uint8_t, 0 or 1
  kInt32,  // std::int32_t            int4, date
  kInt64,  // std::int64_t            int8, time, timestamp, timestamptz
  kFloat32,
  kFloat64,
  kNumeric,   // types::Numeric, 32 bytes
  kInterval,  // types::Interval, 16 bytes
  kUuid,      // std::array<std::uint8_t, 16>
  kString,    // types::StringRef, 16 bytes: text, bytea; jsonb, array, record and map as canonical JSON text
};

struct Field;
struct Nested;

struct Type {
  TypeId id = TypeId::kText;
  int precision = 0;  // numeric(precision, scale); 0 = any
  int scale = 0;
  std::shared_ptr<const Nested> nested;  // arrays, records, maps; null otherwise

  Type() = default;
  Type(TypeId type_id) : id(type_id) {}  // NOLINT: implicit on purpose
  static Type numeric(int precision, int scale);
  static Type array(Type element, bool nullable_elements);
  static Type map(Type value, bool nullable_values);
  static Type record(std::vector<Field> fields);

  friend bool operator==(const Type& a, const Type& b);
};

struct Field {
  std::string name;
  Type type;
  bool nullable = true;
  friend bool operator==(const Field& a, const Field& b) = default;
};

struct Nested {
  std::vector<Field> fields;
  friend bool operator==(const Nested& a, const Nested& b) = default;
};

Physical physical(TypeId id);
std::size_t width(Physical physical);  // bytes of one value

// "bigint", "numeric(10,2)", "text[]", "record(city text, zip text)": PostgreSQL's spelling.
std::string to_string(const Type& type);
// The reverse, with PostgreSQL's usual aliases (int8, varchar, timestamptz, double precision).
// Code BadType, with a hint, for what is not supported.
base::Result<Type> parse_type(std::string_view text);

bool is_integer(TypeId id);
bool is_numeric(TypeId id);  // int4 int8 float4 float8 numeric
bool is_nested(TypeId id);   // jsonb, array, record, map

}  // namespace offtake::types
