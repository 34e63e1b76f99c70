#include "tests/unit/sql/golden.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace offtake::test {
namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin);
}

// At `separator`, but not within brackets.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (char c : text) {
    depth += (c == '(') - (c == ')');
    if (c == separator && depth == 0) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  for (std::string& part : out) part = trimmed(part);
  return out;
}

void read_options(Golden& golden) {
  for (const std::string& part : split(golden.title, ';')) {
    if (part.rfind("key=", 0) == 0) golden.key = split(part.substr(4), ',');
    if (part.rfind("start=", 0) == 0) {
      auto instant = types::Datum::parse(types::Type(types::TypeId::kTimestampTz), part.substr(6));
      REQUIRE(instant.ok());
      golden.start_us = instant->value->values<std::int64_t>()[0];
    }
  }
}

sql::DatasetSchema read_dataset(const std::string& line) {
  sql::DatasetSchema out;
  const std::size_t colon = line.find(':');
  const auto head = split(line.substr(0, colon), ' ');
  const std::size_t dot = head[0].find('.');
  out.id = {head[0].substr(0, dot), head[0].substr(dot + 1)};
  out.kind = head[1] == "Entity" ? plan::SourceUse::Kind::kEntity : plan::SourceUse::Kind::kEvent;
  const auto parts = split(line.substr(colon + 1), ';');
  for (std::string column : split(parts[0], ',')) {
    const bool nullable = column.back() != '!';
    if (!nullable) column.pop_back();
    const std::size_t space = column.find(' ');
    auto type = types::parse_type(column.substr(space + 1));
    REQUIRE_MESSAGE(type.ok(), column);
    out.columns.push_back({column.substr(0, space), *type, nullable});
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].rfind("time ", 0) == 0) out.event_time = parts[i].substr(5);
    if (parts[i].rfind("classified (", 0) == 0)
      out.classified = split(parts[i].substr(12, parts[i].size() - 13), ',');
    if (parts[i].rfind("key (", 0) == 0) out.key = split(parts[i].substr(5, parts[i].size() - 6), ',');
  }
  return out;
}

}  // namespace

std::vector<Golden> read_golden(const std::string& path) {
  std::vector<Golden> out;
  std::ifstream in(path);
  bool in_sql = true;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("=== ", 0) == 0) {
      out.push_back({line.substr(4), "", "", {}, {}});
      read_options(out.back());
      in_sql = true;
    } else if (line == "---") {
      in_sql = false;
    } else if (!out.empty()) {
      (in_sql ? out.back().sql : out.back().expected) += line + "\n";
    }
  }
  for (Golden& golden : out) {
    while (!golden.sql.empty() && golden.sql.back() == '\n') golden.sql.pop_back();
    while (golden.expected.size() > 1 && golden.expected.substr(golden.expected.size() - 2) == "\n\n") {
      golden.expected.pop_back();
    }
  }
  return out;
}

void write_golden(const std::string& path, const std::vector<Golden>& cases) {
  std::ofstream out(path);
  for (const Golden& golden : cases) {
    if (&golden != &cases.front()) out << "\n";
    out << "=== " << golden.title << "\n" << golden.sql << "\n---\n" << golden.expected;
  }
}

std::vector<std::string> golden_files(const std::string& folder, const std::string& extension) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == extension) out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

sql::Catalog test_catalog(const std::string& folder) {
  std::map<sql::DatasetName, sql::DatasetSchema> known;
  std::ifstream in(folder + "/datasets.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    sql::DatasetSchema schema = read_dataset(line);
    known.emplace(schema.id, schema);
  }
  sql::Catalog catalog;
  catalog.names = [known] {
    std::vector<sql::DatasetName> names;
    for (const auto& [name, schema] : known) names.push_back(name);
    return names;
  };
  catalog.schema = [known](const sql::DatasetName& name) -> base::Result<sql::DatasetSchema> {
    if (name.name == "secret-data") {
      return base::terminal("AccessDenied", "dataset " + name.text() + " does not admit namespace retail")
          .with_hint("ask its owner, secret-team");
    }
    const auto found = known.find(name);
    if (found == known.end()) return base::waiting("DatasetNotFound", "there is no dataset " + name.text());
    return found->second;
  };
  return catalog;
}

sql::CompileInput input_of(const Golden& golden, const sql::Catalog& catalog) {
  sql::CompileInput input;
  input.sql = golden.sql;
  input.default_namespace = "retail";
  input.catalog = catalog;
  input.declared_key = golden.key;
  input.history_start_us = golden.start_us;
  return input;
}

}  // namespace offtake::test
