// Whether data written with one schema can be read with another, by the specification's rules, and what is in
// the way. Logical types do not count.
#pragma once
#include <string>
#include <vector>

#include "schemas/avro/schema.h"

namespace offtake::avro {

enum class Rule : std::uint8_t {
  kNameMismatch,
  kFixedSizeMismatch,
  kMissingEnumSymbols,
  kReaderFieldMissingDefaultValue,
  kTypeMismatch,
  kMissingUnionBranch,
};
const char* rule_name(Rule rule);  // "READER_FIELD_MISSING_DEFAULT_VALUE"

struct Incompatibility {
  Rule rule = Rule::kTypeMismatch;
  std::string path;          // in the reader's schema: "/fields/3/type"
  std::string message;       // "the field \"total\" is not in the writer's schema and has no default"
  std::string text() const;  // "READER_FIELD_MISSING_DEFAULT_VALUE at /fields/3: the field …"
};

// Empty: compatible. At most 50 are listed.
std::vector<Incompatibility> incompatibilities(const Schema& reader, const Schema& writer);

}  // namespace offtake::avro
