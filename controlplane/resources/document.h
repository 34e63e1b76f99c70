// Resources as users write them: a YAML (or JSON) text of several documents, read with positions, so that
// every error says file:line:col.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"
#include "controlplane/resources/validate.h"

namespace offtake::resources {

struct Position {
  int line = 0;
  int column = 0;
};

// One document of a file, as far as it could be read.
struct Document {
  std::string file;
  const Kind* kind = nullptr;  // null: the errors say why
  json::Value object;          // scalars typed by the field table; without defaults (what the user wrote)
  std::map<std::string, Position> positions;  // field path -> where its value starts
  Position sql_text;                          // where the first character of spec.sql stands
  bool sql_literal = false;                   // a literal block (|): lines of the SQL are lines of the file
  std::vector<base::Error> errors;            // located; check() is included

  // Puts file:line:col in place of a field path, for errors found later or by the server. Line and column
  // within spec.sql are carried over exactly for literal blocks.
  base::Error located(base::Error error) const;
  std::string title() const;  // "DataProduct retail/x"
};

// Never fails as a whole: each document carries its own errors. A second document with the kind, namespace
// and name of an earlier one is an error of the second.
std::vector<Document> read_documents(std::string_view text, const std::string& file,
                                     const SqlCheck& sql = nullptr,
                                     std::string_view default_namespace = "default");

}  // namespace offtake::resources
