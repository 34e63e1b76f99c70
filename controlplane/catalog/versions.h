// What changed between the versions of a schema, as structure. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controlplane/catalog/columns.h"

namespace offtake::catalog {

enum class ChangeKind { kAdded, kRemoved, kType, kNullable, kDefault, kDoc };
std::string_view to_string(ChangeKind kind);  // "Added"

struct SchemaChange {
  ChangeKind kind = ChangeKind::kAdded;
  std::string path;
  std::string from, to;          // as texts: types, "nullable", defaults as JSON, docs
  std::optional<bool> nullable;  // of kAdded
};

// In the order of the newer columns, then what was removed. Of a column that came or went its fields are not
// told.
std::vector<SchemaChange> schema_changes(const std::vector<Column>& before, const std::vector<Column>& after);

enum class Compatible { kFull, kBackward, kForward, kNone };
std::string_view to_string(Compatible compatible);  // "Full"

struct SchemaVersion {
  int version = 0, id = 0;
  std::optional<Compatible> compatible;  // with the version before; none: there is none, or it is no Avro
  std::vector<std::string> problems;     // what keeps it from kFull, at most 10
  std::vector<SchemaChange> changes;
};

struct SchemaText {
  int version = 0, id = 0;
  std::string text;  // Avro
};

// Each version against the one before it. `texts` ascend by version; with `leave_out_oldest` the first of
// them stands for nothing but the comparison and is left out. Newest first.
std::vector<SchemaVersion> version_history(const resources::Dataset& dataset,
                                           const std::vector<SchemaText>& texts, bool leave_out_oldest);

}  // namespace offtake::catalog
