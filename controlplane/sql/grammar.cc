#include "controlplane/sql/grammar.h"

#include <algorithm>

namespace offtake::sql {
namespace {

struct Alias {
  std::string_view written, name;
};
constexpr Alias kFunctions[] = {
    {"lower", "lower"},
    {"upper", "upper"},
    {"length", "length"},
    {"char_length", "length"},
    {"character_length", "length"},
    {"substring", "substring"},
    {"substr", "substring"},
    {"btrim", "btrim"},
    {"ltrim", "ltrim"},
    {"rtrim", "rtrim"},
    {"abs", "abs"},
    {"round", "round"},
    {"date_trunc", "date_trunc"},
    {"extract", "extract"},
    {"like_escape", "like_escape"},
};

// What users call that which the tree names otherwise.
constexpr Alias kUserNames[] = {
    {"SubLink", "a subquery"},
    {"A_ArrayExpr", "ARRAY[…]"},
    {"RowExpr", "ROW(…)"},
    {"CollateClause", "COLLATE"},
    {"ParamRef", "a parameter"},
    {"GroupingFunc", "GROUPING"},
    {"XmlExpr", "an XML function"},
    {"XmlSerialize", "XMLSERIALIZE"},
    {"SetToDefault", "DEFAULT"},
    {"CurrentOfExpr", "CURRENT OF"},
    {"RangeSubselect", "a subquery in FROM"},
    {"RangeFunction", "a function in FROM"},
    {"RangeTableSample", "TABLESAMPLE"},
    {"RangeTableFunc", "XMLTABLE"},
    {"GroupingSet", "GROUPING SETS, ROLLUP or CUBE"},
};

constexpr std::string_view kOperators[] = {"+", "-", "*", "/", "%", "=", "<>", "<", "<=", ">", ">=", "||"};

struct Finder {
  const SourceText& source;
  std::vector<std::string>& warnings;
  std::vector<base::Error> errors;

  void refuse(std::string_view what, int byte, std::string hint = {}) {
    errors.push_back(
        source.error("SqlNotSupported", fmt::format("{} is not supported in this version", what), byte)
            .with_hint(std::move(hint)));
  }

  static bool has(const json::Value& body, std::string_view member) { return body.find(member) != nullptr; }

  void select(const json::Value& body) {
    const std::string operation = body.string_or("op", "SETOP_NONE");
    if (operation != "SETOP_NONE") {
      const std::string word = operation.substr(6);  // without SETOP_
      refuse(word, source.find_word(lower_ascii(word)));
      return;
    }
    if (has(body, "withClause")) {
      const bool recursive = body["withClause"].bool_or("recursive");
      refuse(recursive ? "WITH RECURSIVE" : "WITH", source.find_word("with"),
             recursive ? "" : "write the query of the CTE in its place where that is a single SELECT");
      return;  // the tables that follow may be its own
    }
    if (has(body, "valuesLists")) return refuse("VALUES", source.find_word("values"));
    if (body["distinctClause"].is_array()) {
      const bool on = !body["distinctClause"].as_array().front().as_object().empty();
      refuse(on ? "DISTINCT ON" : "DISTINCT", source.find_word("distinct"),
             on ? "" : "GROUP BY the columns instead");
    }
    if (has(body, "intoClause")) refuse("INTO", source.find_word("into"));
    if (has(body, "lockingClause"))
      refuse("a locking clause (FOR UPDATE, FOR SHARE)", source.find_word("for"));
    if (has(body, "windowClause")) refuse("WINDOW", source.find_word("window"));
    limits(body);
    from(body);
    if (!body["targetList"].is_array()) {
      errors.push_back(source
                           .error("SqlNotSupported", "a SELECT without columns is not supported",
                                  source.find_word("select"))
                           .with_hint("name a column, or write *"));
    } else {
      for (const json::Value& target : body["targetList"].as_array()) expression(Tree(target)["val"], true);
    }
    expression(body["whereClause"]);
    expression(body["havingClause"]);
    if (body["groupClause"].is_array()) {
      if (body.bool_or("groupDistinct")) refuse("GROUP BY DISTINCT", source.find_word("group"));
      for (const json::Value& item : body["groupClause"].as_array()) expression(item);
    }
  }

  void limits(const json::Value& body) {
    const bool limited = has(body, "limitCount") || has(body, "limitOffset");
    if (limited) {
      int at = source.find_word("limit");
      std::string_view what = "LIMIT";
      for (const char* other : {"offset", "fetch"}) {
        if (at >= 0) break;
        at = source.find_word(other);
        what = *other == 'o' ? "OFFSET" : "FETCH";
      }
      refuse(what, at);
    } else if (has(body, "sortClause")) {
      warnings.push_back(source.place(source.find_word("order")) +
                         ": ORDER BY without LIMIT is ignored; order rows where they are read");
    }
  }

  void from(const json::Value& body) {
    if (!body["fromClause"].is_array()) {
      errors.push_back(source.error("SqlNotSupported", "a query without FROM is not supported", -1)
                           .with_hint("name a dataset: SELECT … FROM orders"));
      return;
    }
    const json::Array& items = body["fromClause"].as_array();
    if (items.size() > 1) {
      refuse("a comma in FROM", Tree(items[1]).location(), "write JOIN … ON with an equality");
    }
    for (const json::Value& item : items) table(item);
  }

  void table(const json::Value& item) {
    const Tree node(item);
    if (node.kind == "RangeVar") return range(node);
    if (node.kind != "JoinExpr") {
      int at = node.location();
      if (at < 0 && node.kind == "RangeFunction" && node["functions"].is_array()) {
        at = Tree(Tree(node["functions"].as_array().front())["items"].as_array().front()).location();
      }
      // Of a subquery only its words have a position.
      if (at < 0) {
        at = source.find_word("from");
        const std::size_t next = source.token_at(at) + 1;
        if (at >= 0 && next < source.tokens().size()) at = source.tokens()[next].begin;
      }
      return refuse(user_name(node.kind), at);
    }
    const std::string kind = node.body->string_or("jointype");
    if (kind == "JOIN_RIGHT") {
      refuse("RIGHT JOIN", source.find_word("right"), "swap the two sides and write LEFT JOIN");
    } else if (kind == "JOIN_FULL") {
      refuse("FULL JOIN", source.find_word("full"));
    } else if (node.body->bool_or("isNatural")) {
      refuse("NATURAL JOIN", source.find_word("natural"), "write USING (column, …)");
    } else if (kind == "JOIN_INNER" && !has(*node.body, "quals") && !has(*node.body, "usingClause")) {
      refuse("CROSS JOIN", source.find_word("cross"), "write JOIN … ON with an equality");
    }
    if (has(*node.body, "alias") || has(*node.body, "join_using_alias")) {
      refuse("an alias for a join", source.find_word("join"));
    }
    table(node["larg"]);
    table(node["rarg"]);
    expression(node["quals"]);
  }

  void range(const Tree& node) {
    if (has(*node.body, "catalogname"))
      refuse("a name of three parts", node.location(), "write namespace.dataset");
    if (!node.body->bool_or("inh")) refuse("ONLY", source.find_word("only"));
    if (node["alias"]["colnames"].is_array()) {
      refuse("renaming columns in FROM", node.location(), "rename them in the SELECT list with AS");
    }
  }

  static std::string user_name(std::string_view kind) {
    for (const Alias& row : kUserNames) {
      if (row.written == kind) return std::string(row.name);
    }
    return std::string(kind);
  }

  void list(const json::Value& items) {
    if (!items.is_array()) return;
    for (const json::Value& item : items.as_array()) expression(item);
  }

  // `as_column`: directly in the SELECT list, where a star may stand.
  void expression(const json::Value& value, bool as_column = false) {
    if (value.is_null()) return;
    const Tree node(value);
    if (node.kind == "ColumnRef") return column(node, as_column);
    if (node.kind == "A_Indirection") return field(node);
    if (node.kind == "A_Const") {
      if (has(*node.body, "bsval")) refuse("a bit string", node.location(), "write '\\xff'::bytea for bytes");
      return;
    }
    if (node.kind == "A_Expr") return operation(node);
    if (node.kind == "BoolExpr" || node.kind == "CoalesceExpr") return list(node["args"]);
    if (node.kind == "NullTest" || node.kind == "BooleanTest") return expression(node["arg"]);
    if (node.kind == "TypeCast") {
      auto type = type_of(source, node["typeName"], node.location());
      if (!type) errors.push_back(std::move(type).error());
      return expression(node["arg"]);
    }
    if (node.kind == "CaseExpr") {
      expression(node["arg"]);
      for (const json::Value& branch : node["args"].as_array()) {
        expression(Tree(branch)["expr"]);
        expression(Tree(branch)["result"]);
      }
      return expression(node["defresult"]);
    }
    if (node.kind == "FuncCall") return function(node);
    if (node.kind == "List") return list(node["items"]);
    if (node.kind == "SubLink") {
      const std::string kind = node.body->string_or("subLinkType");
      return refuse(kind == "EXISTS_SUBLINK" ? "EXISTS"
                    : kind == "ANY_SUBLINK"  ? "IN (SELECT …)"
                                             : "a subquery in an expression",
                    node.location());
    }
    if (node.kind == "SQLValueFunction") {
      std::string name = node.body->string_or("op");
      name = name.substr(std::min(name.size(), std::string("SVFOP_").size()));
      if (name.size() > 2 && name.substr(name.size() - 2) == "_N") name.resize(name.size() - 2);
      return refuse(name, node.location());
    }
    if (node.kind == "MinMaxExpr") {
      return refuse(node.body->string_or("op") == "IS_LEAST" ? "LEAST" : "GREATEST", node.location(),
                    "write it with CASE");
    }
    int at = node.location();
    if (at < 0 && node.body->find("arg") != nullptr) at = Tree(node["arg"]).location();
    refuse(user_name(node.kind), at);
  }

  void column(const Tree& node, bool as_column) {
    const json::Array& fields = node["fields"].as_array();
    if (Tree(fields.back()).kind == "A_Star" && !as_column)
      return refuse("* within an expression", node.location());
    if (fields.size() > 2) {
      refuse("a column's name of three parts", node.location(),
             "give the table an alias in FROM and write alias.column; a field of a record is written "
             "(alias.column).field");
    }
  }

  // (column).field.field: of a record. Nothing else is taken apart.
  void field(const Tree& node) {
    const Tree argument(node["arg"]);
    const int at = argument.kind == "A_Indirection" ? column_below(argument).location() : argument.location();
    for (const json::Value& step : node["indirection"].as_array()) {
      const Tree what(step);
      if (what.kind == "A_Indices") return refuse("a subscript", at);
      if (what.kind == "A_Star") return refuse("taking all fields of a record (.*)", at, "name the fields");
    }
    if (argument.kind == "A_Indirection") return field(argument);
    if (argument.kind != "ColumnRef") return refuse("a field of an expression", at, "name it of a column");
    column(argument, false);
  }

  void operation(const Tree& node) {
    const std::string kind = node.body->string_or("kind");
    const std::string name = dotted(node["name"]);
    const auto says = [&](std::string_view word) { refuse(word, node.location()); };
    if (kind == "AEXPR_OP") {
      const bool known =
          std::find(std::begin(kOperators), std::end(kOperators), name) != std::end(kOperators);
      const bool prefix = !has(*node.body, "lexpr");
      if (!known || (prefix && name != "+" && name != "-")) return says("operator " + name);
    } else if (kind == "AEXPR_OP_ANY") {
      return refuse(name + " ANY (…)", node.location(), "write IN (…)");
    } else if (kind == "AEXPR_OP_ALL") {
      return says(name + " ALL (…)");
    } else if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") {
      return says(kind == "AEXPR_DISTINCT" ? "IS DISTINCT FROM" : "IS NOT DISTINCT FROM");
    } else if (kind == "AEXPR_ILIKE") {
      return refuse("ILIKE", node.location(), "write lower(…) LIKE '…' with the pattern in lower case");
    } else if (kind == "AEXPR_SIMILAR") {
      return says("SIMILAR TO");
    } else if (kind == "AEXPR_BETWEEN_SYM" || kind == "AEXPR_NOT_BETWEEN_SYM") {
      return says("BETWEEN SYMMETRIC");
    }
    expression(node["lexpr"]);
    expression(node["rexpr"]);
  }

  void function(const Tree& node) {
    const std::string written = dotted(node["funcname"]);
    std::string name = written;
    constexpr std::string_view kCatalog = "pg_catalog.";
    if (name.rfind(kCatalog, 0) == 0) name.erase(0, kCatalog.size());
    if (name == "timezone") return refuse("AT TIME ZONE", node.location());
    if (has(*node.body, "over")) return refuse("OVER (window functions)", node.location());
    if (function_name(name).empty() && !is_aggregate(name)) {
      return refuse("function " + name, node.location());
    }
    if (node.body->bool_or("agg_distinct")) refuse(name + "(DISTINCT …)", node.location());
    if (has(*node.body, "agg_filter")) {
      refuse("FILTER", node.location(), fmt::format("write {}(CASE WHEN … THEN … END)", name));
    }
    if (has(*node.body, "agg_order")) refuse("ORDER BY within a function", node.location());
    if (node.body->bool_or("func_variadic")) refuse("VARIADIC", node.location());
    if (!node["args"].is_array()) return;
    for (const json::Value& argument : node["args"].as_array()) {
      const Tree named(argument);
      if (named.kind == "NamedArgExpr") {
        refuse("a named argument", named.location());
      } else {
        expression(argument);
      }
    }
  }
};

}  // namespace

std::vector<base::Error> find_unsupported(const SourceText& source, const json::Value& select,
                                          std::vector<std::string>& warnings) {
  Finder finder{source, warnings, {}};
  finder.select(select);
  return std::move(finder.errors);
}

std::string_view function_name(std::string_view written) {
  for (const Alias& row : kFunctions) {
    if (row.written == written) return row.name;
  }
  return {};
}

bool is_aggregate(std::string_view name) {
  constexpr std::string_view kAggregates[] = {"count", "sum", "min", "max", "avg"};
  return std::find(std::begin(kAggregates), std::end(kAggregates), name) != std::end(kAggregates);
}

}  // namespace offtake::sql
