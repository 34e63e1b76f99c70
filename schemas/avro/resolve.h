// How data of one schema is read as another: the specification's schema resolution, one step at a time.
#pragma once
#include "schemas/avro/program.h"
#include "schemas/avro/schema.h"

namespace offtake::avro {

// Whether the names of two records, enums or fixed agree: unqualified, or by an alias of the reader's.
bool names_match(const Node& writer, const Node& reader);
// Same kind (and name, and size), or a promotion: int to long, float, double; long to float, double; float to
// double; string and bytes to each other. Not deeper. REQUIRES: no unions.
bool matches(const Node& writer, const Node& reader);
// The branch of the reader's union that takes the writer's type; `reader` itself where it is no union; null
// where none does. REQUIRES: `writer` is no union.
const Node* reader_branch(const Node& writer, const Node& reader);
bool accepts_null(const Node& reader);
// The writer's field that a reader's field is read from, by name, then by the reader's aliases; null: none.
const Field* writer_field(const Node& writer, const Field& reader);
// For a union of null and one other type which branch is null, else kNotNullable.
std::uint8_t null_branch_of(const Node& node);

// Bytes that a value takes where that is always the same, else kVariableWidth.
std::int64_t width_of(const Node& node);

}  // namespace offtake::avro
