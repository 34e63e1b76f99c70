// Default values of fields, as a schema document writes them.
#pragma once
#include "base/json/value.h"
#include "schemas/avro/schema.h"

namespace offtake::avro {

// Whether `value` is one that the type may have; for a union: one of its branches.
bool is_valid_default(const Node& node, const json::Value& value);
// The branch of a union that a default value stands for; null where none does.
const Node* default_branch(const Node& union_node, const json::Value& value);
// Bytes and fixed are written with one character (U+0000 to U+00FF) a byte; nothing when one is beyond.
std::optional<std::string> bytes_of_default(std::string_view utf8);

}  // namespace offtake::avro
