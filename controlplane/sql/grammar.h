// What of PostgreSQL's grammar is supported, judged by the parse tree alone. Internal to this folder.
#pragma once
#include <vector>

#include "controlplane/sql/tree.h"

namespace offtake::sql {

// Everything that is not supported, each at its position. Empty: the binder knows every node of the tree.
// Warnings are about what is ignored.
std::vector<base::Error> find_unsupported(const SourceText& source, const json::Value& select,
                                          std::vector<std::string>& warnings);

// The name in functions.h for a function as it is written; empty when it is not known.
std::string_view function_name(std::string_view written);
bool is_aggregate(std::string_view name);

}  // namespace offtake::sql
