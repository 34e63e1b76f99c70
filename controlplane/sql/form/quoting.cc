#include "controlplane/sql/form/quoting.h"

#include <algorithm>

#include "controlplane/sql/fields.h"
#include "controlplane/sql/form/patch.h"
#include "controlplane/sql/tree.h"
#include "schemas/types/datum.h"

namespace offtake::sql::form {
namespace {

constexpr std::size_t kMaxNameBytes = 63;

base::Error invalid(std::string message, std::string hint = {}) {
  return base::terminal("Invalid", std::move(message)).with_hint(std::move(hint));
}

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

bool looks_plain(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// The parser's own word on what is written: as a column, a table, an alias.
bool reads_back(std::string_view written, std::string_view name) {
  auto source = SourceText::scan(fmt::format("SELECT {0}, {0} AS {0} FROM {0} {0}", written), "");
  if (!source) return false;
  auto select = parse_select(*source);
  if (!select) return false;
  const json::Value& from = (*select)["fromClause"];
  const json::Value& targets = (*select)["targetList"];
  if (!from.is_array() || !targets.is_array() || targets.as_array().size() != 2) return false;
  const Tree column(Tree(targets.as_array()[0])["val"]), table(from.as_array().front());
  return column.kind == "ColumnRef" && column["fields"].as_array().size() == 1 &&
         string_of(column["fields"].as_array().front()) == name && table.kind == "RangeVar" &&
         table.body->string_or("relname") == name && table["alias"].string_or("aliasname") == name;
}

std::string what_it_takes(const types::Type& type) {
  using enum types::TypeId;
  switch (type.id) {
    case kBoolean:
      return "write true or false";
    case kDate:
      return "write a date as 2026-01-31";
    case kTime:
      return "write a time as 09:30:00";
    case kTimestamp:
      return "write a time as 2026-01-31 09:30:00";
    case kTimestampTz:
      return "write a time as 2026-01-31T09:30:00Z";
    case kInterval:
      return "write a span of time as 1 day 02:00:00";
    case kUuid:
      return "write it as 123e4567-e89b-12d3-a456-426614174000";
    case kBytea:
      return "write bytes as \\xdeadbeef";
    default:
      return types::is_integer(type.id) ? "write a whole number" : "write a number";
  }
}

bool is_plain_number(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  return !digits.empty() && digits.front() >= '0' && digits.front() <= '9' &&
         digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
}

}  // namespace

base::Result<std::string> quote_name(std::string_view name) {
  if (name.empty()) return invalid("a name is empty");
  if (name.size() > kMaxNameBytes) {
    return invalid(fmt::format("the name {} is longer than {} bytes", name, kMaxNameBytes),
                   "choose a shorter one");
  }
  if (looks_plain(name) && reads_back(name, name)) return std::string(name);
  std::string quoted = in_quotes(name, '"');
  if (!reads_back(quoted, name)) return invalid(fmt::format("{} cannot be written as a name", name));
  return quoted;
}

base::Result<std::string> written_column(std::string_view alias, std::string_view path) {
  std::string out;
  const std::vector<std::string> parts = path_parts(path);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto name = quote_name(parts[i]);
    if (!name) return name;
    out += (i == 0 ? "" : ".") + *name;
    if (i > 0) continue;
    if (!alias.empty()) {
      auto table = quote_name(alias);
      if (!table) return table;
      out = *table + "." + out;
    }
    if (parts.size() > 1) out = "(" + out + ")";
  }
  return out;
}

base::Result<std::string> quote_resource(std::string_view name) {
  std::string written(name);
  std::replace(written.begin(), written.end(), '-', '_');
  return quote_name(written);
}

std::string quote_text(std::string_view text) {
  return in_quotes(text, '\'');
}

base::Result<std::string> quote_value(const types::Type& type, std::string_view value) {
  if (value.find('\0') != std::string_view::npos) return invalid("a value holds a NUL byte");
  if (types::is_nested(type.id)) {
    return invalid(
        fmt::format("a column of type {} cannot be compared with a value", types::to_string(type)));
  }
  if (type.id == types::TypeId::kText) return quote_text(value);
  // Precision and scale say what a column holds, not what it may be compared with.
  auto read = types::Datum::parse(types::Type(type.id), value);
  if (!read) {
    return invalid(fmt::format("\"{}\" is no value of type {}", value, types::to_string(type)),
                   what_it_takes(type));
  }
  if (type.id == types::TypeId::kBoolean)
    return std::string(read->to_text().front() == 't' ? "true" : "false");
  if (types::is_numeric(type.id) && is_plain_number(value)) return std::string(value);
  return quote_text(value);
}

base::Result<std::string> check_expression(std::string_view text) {
  auto own = SourceText::scan(text, "");
  if (!own) return invalid(own.error().message, own.error().hint);
  if (own->tokens().empty()) return invalid("the expression is empty");
  const int begin = own->tokens().front().begin, end = own->tokens().back().end;
  const std::string cut =
      own->text().substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  // In brackets, so that nothing within can be a clause or a second column.
  auto source = SourceText::scan(fmt::format("SELECT ({}\n) FROM t", cut), "");
  if (!source) return invalid(source.error().message, source.error().hint);
  auto select = parse_select(*source);
  if (!select) return invalid(fmt::format("{}: {}", cut, select.error().message), select.error().hint);
  const json::Value& targets = (*select)["targetList"];
  const bool one = targets.is_array() && targets.as_array().size() == 1 &&
                   select->find("whereClause") == nullptr && (*select)["fromClause"].is_array() &&
                   (*select)["fromClause"].as_array().size() == 1 &&
                   Tree(Tree(targets.as_array().front())["val"]).kind != "RowExpr";
  // A bracket too many inside would close ours.
  int depth = 0;
  for (std::size_t i = 0; one && i < own->tokens().size(); ++i) {
    const char c = own->text()[static_cast<std::size_t>(own->tokens()[i].begin)];
    if (own->tokens()[i].kind != Token::Kind::kSymbol) continue;
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth < 0) return invalid(fmt::format("{} is not one expression", cut));
  }
  if (!one) return invalid(fmt::format("{} is not one expression", cut));
  return cut;
}

}  // namespace offtake::sql::form
