// Resources as users write them: a YAML (or JSON) text of several documents, read with positions, so that
// every error says file:line:col. Plain data; no thread safety.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"
#include "base/yaml/node.h"
#include "controlplane/resources/kind.h"
#include "controlplane/resources/validate.h"

namespace offtake::resources {

// One document of a file, as far as it could be read.
struct Document {
  std::string file;
  const Kind* kind = nullptr;  // null: the errors say why
  json::Value object;          // scalars typed by the field table; without defaults (what the user wrote)
  yaml::Node source;
  std::vector<base::Error> errors;  // located; those of check() are included

  bool ok() const { return errors.empty(); }
  // Puts file:line:col in front of an error that names a field path, also one found later or by the server:
  // "shop.yaml:12:9: DataProduct retail/x: spec.sql:4:12: column …". Line and column within spec.sql are
  // carried over exactly where its text stands in the file as it is (literal blocks, one-line scalars).
  base::Error located(base::Error error) const;
  std::string title() const;           // "DataProduct retail/x"
  std::string namespace_name() const;  // of the object; empty for cluster-scoped kinds
  std::string name() const;
};

// Never fails as a whole: each document carries its own errors. A text that is no YAML gives one document
// with that error. A namespaced object without a namespace gets `default_namespace`. A second document with
// the kind, namespace and name of an earlier one is an error of the second.
std::vector<Document> read_documents(std::string_view text, const std::string& file,
                                     const SqlCheck& sql = nullptr,
                                     std::string_view default_namespace = "default");

// Types the scalars of a node by a kind's field table. Plain words that other readers of YAML take for
// something else (no, on, null, …) are errors where text is meant.
json::Value typed_by_table(const Kind& kind, const yaml::Node& node, std::vector<base::Error>& errors);

}  // namespace offtake::resources
