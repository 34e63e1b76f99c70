// The Avro schemas of a product's records, from its columns. Every column may be null in the value and has
// null as its default, whatever the query says: so a column that is added or dropped breaks no reader, and a
// key or a type that changes does. Pure.
#pragma once
#include <string>

#include "operators/targets/target.h"

namespace offtake::targets::topic {

// "decimal(10,2)" and such, for plans; a refusal (terminal, with a hint) for what Avro has no type for.
base::Result<std::string> avro_type(const types::Type& type);

// Errors: those of avro_type, and BadAvroSchema where names are no Avro names.
base::Result<RecordSchemas> record_schemas(const TableSpec& table);

// Letters, digits and _, none of them first a digit.
bool is_avro_name(std::string_view name);

}  // namespace offtake::targets::topic
