// Which columns an Avro schema gives: the fields of its top record as SQL types.
#pragma once
#include <string>
#include <vector>

#include "schemas/avro/schema.h"
#include "schemas/types/type.h"

namespace offtake::avro {

struct RefusedColumn {
  std::string name;
  std::string reason;  // "union [null, int, string] of several types is not supported"
};

struct Columns {
  std::vector<types::Field> fields;    // in schema order
  std::vector<RefusedColumn> refused;  // fields that have no SQL type: they can be stored, not queried
};

// A schema that is no record gives one column with the name "".
//   boolean -> boolean, int -> integer, long -> bigint, float -> real, double -> double precision, string and
//   enum -> text, bytes and fixed -> bytea, decimal -> numeric(p,s), uuid -> uuid, date -> date, time-* ->
//   time, timestamp-* -> timestamptz, local-timestamp-* -> timestamp, duration -> interval, record, array and
//   map -> the same; [null, T] -> T that may be NULL; a union of numbers -> the widest of them.
// Nanoseconds are cut to microseconds. Refused: other unions, types that contain themselves, null alone.
Columns columns_of(const Schema& schema);

// The type of one node; code BadAvroSchema with the reason.
base::Result<types::Field> column_of(const Node& node, std::string name);

}  // namespace offtake::avro
