// What PostgreSQL calls a column that has no alias.
#include "controlplane/sql/select.h"

namespace offtake::sql {
namespace {

// `weak`: a name that a column's own name beats, as of CASE or a cast.
std::string find(const json::Value& tree, bool& weak) {
  const Tree node(tree);
  weak = false;
  if (node.kind == "ColumnRef") return std::string(string_of(node["fields"].as_array().back()));
  if (node.kind == "A_Indirection") return std::string(string_of(node["indirection"].as_array().back()));
  if (node.kind == "FuncCall") return std::string(string_of(node["funcname"].as_array().back()));
  if (node.kind == "CoalesceExpr") return "coalesce";
  if (node.kind == "A_Expr" && node.body->string_or("kind") == "AEXPR_NULLIF") return "nullif";
  if (node.kind == "TypeCast") {
    std::string name = find(node["arg"], weak);
    if (!name.empty() && !weak) return name;
    weak = true;
    return std::string(string_of(node["typeName"]["names"].as_array().back()));
  }
  if (node.kind == "CaseExpr") {
    std::string name = find(node["defresult"], weak);
    if (!name.empty() && !weak) return name;
    weak = true;
    return "case";
  }
  return "";
}

}  // namespace

std::string column_name(const json::Value& tree) {
  bool weak = false;
  return find(tree, weak);
}

}  // namespace offtake::sql
