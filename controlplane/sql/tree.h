// Reading PostgreSQL's parse tree. Internal to this folder.
#pragma once
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "controlplane/sql/source_text.h"
#include "schemas/types/type.h"

namespace offtake::sql {

// A tree node is {"Kind": {…}}: its kind and what is within. Empty kind: no node.
struct Tree {
  std::string_view kind;
  const json::Value* body = nullptr;

  explicit Tree(const json::Value& node);
  const json::Value& operator[](std::string_view name) const { return (*body)[name]; }
  int location() const { return static_cast<int>(body->int_or("location", -1)); }
};

// Runs on a thread with a stack of 64 MiB, while the caller waits: the parser and everything that follows the
// shape of its tree recurse as deep as the SQL does. Fails when no thread can be had.
base::Status on_deep_stack(const std::function<void()>& work);

// The one SELECT statement. REQUIRES: on_deep_stack. Errors: SqlSyntax, SqlTooLarge, SqlNotSupported.
base::Result<json::Value> parse_select(const SourceText& source);

// The text of a String node, and of a list of them joined by '.'.
std::string_view string_of(const json::Value& node);
std::string dotted(const json::Value& names);
// Of (column).field.field, also written ((column).field).field: the ColumnRef, and the fields from the outer
// one to the one that is meant. Without a kind and empty where it is something else that is taken apart.
Tree column_below(const Tree& indirection);
std::vector<std::string_view> fields_selected(const Tree& indirection);
// An integer constant's value. The parser's JSON leaves out what is not positive: that is read from the text.
std::int64_t integer_of(const SourceText& source, const json::Value& constant_body);
// A TypeName; the error is located at it.
base::Result<types::Type> type_of(const SourceText& source, const json::Value& type_name, int location);

}  // namespace offtake::sql
