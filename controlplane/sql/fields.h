// Fields within records as columns of their own, named by their paths ("address.city"). The decoder of a
// record takes them out by themselves, so a query that names one reads nothing else of the record around it.
#pragma once
#include "controlplane/sql/compile.h"

namespace offtake::sql {

// The fields of a record; null for any other type: of arrays and maps there are none.
const std::vector<types::Field>* fields_of(const types::Type& type);

// Whether fields of this column can be taken by themselves. Not of one that is decoded from the record key.
bool opens(const DatasetSchema& schema, const types::Field& column);

// The columns of the schema at their places, and behind them every field within its records, outer ones
// first; one may be NULL where a record around it may.
std::vector<types::Field> with_fields(const DatasetSchema& schema);

// "address.geo.lat" in its parts.
std::vector<std::string> path_parts(std::string_view path);

// The column or field of that path, as it is spelled; null: there is none, or it cannot be taken by itself.
const types::Field* find_field(const DatasetSchema& schema, std::string_view path);

// `path` is `outer` or lies within it.
bool is_within(std::string_view path, std::string_view outer);

// How many columns of the dataset such paths are of: fields of one record are one column.
std::size_t columns_among(const std::vector<std::string>& paths);

}  // namespace offtake::sql
