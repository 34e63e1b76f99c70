// What a dataset's schema holds, as people look at it: a tree of columns with what the schema and the Dataset
// say of each. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controlplane/resources/dataset.h"
#include "schemas/types/type.h"

namespace offtake::catalog {

struct Column {
  std::string path;  // "address.city"; of fields of an array's elements "items.sku"
  std::string name;
  types::Type type;     // not of refused ones
  std::string refused;  // why it can be stored and not queried; empty: it can
  bool nullable = true;
  bool key = false;                          // part of the dataset's key
  std::string doc;                           // by the schema
  std::string description;                   // by the Dataset
  std::string classification;                // pii.email; of its own, not of a column around it
  std::optional<std::string> default_value;  // as JSON text
  std::vector<std::string> symbols;          // of an enum
  std::vector<Column> children;
};

// `key_schema` (Avro text; may be empty) has the columns that only record keys hold. Code BadAvroSchema.
base::Result<std::vector<Column>> column_tree(const resources::Dataset& dataset,
                                              const std::string& value_schema,
                                              const std::string& key_schema = "");

// All of them, each before its children.
std::vector<const Column*> flattened(const std::vector<Column>& columns);
const Column* find_column(const std::vector<Column>& columns, std::string_view path);

}  // namespace offtake::catalog
