#include "tests/unit/expressions/oracle.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace offtake::test {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out(1);
  for (char c : text) {
    if (c == separator) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

}  // namespace

std::vector<Case> read_cases(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Case> out;
  for (const auto& path : files) {
    std::ifstream in(path);
    int number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      if (line.empty() || line[0] == '#') continue;
      if (line.rfind("  ", 0) == 0) {
        out.back().answers.push_back(line.substr(2));
      } else {
        out.push_back({path.filename().string(), number, line, {}});
      }
    }
  }
  return out;
}

Rows read_rows(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  REQUIRE(std::getline(in, line));
  Rows rows;
  std::vector<types::ColumnBuilder> builders;
  for (const std::string& cell : split(line, '\t')) {
    const std::size_t colon = cell.find(':');
    auto type = types::parse_type(cell.substr(colon + 1));
    REQUIRE_MESSAGE(type.ok(), cell);
    rows.fields.push_back({cell.substr(0, colon), *type, true});
    builders.emplace_back(*type);
  }
  while (std::getline(in, line)) {
    const auto cells = split(line, '\t');
    REQUIRE(cells.size() == builders.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i] == "\\N") {
        builders[i].append_null();
        continue;
      }
      const base::Status parsed = types::append_parsed(builders[i], cells[i]);
      REQUIRE_MESSAGE(parsed.ok(), cells[i] << " for " << rows.fields[i].name);
    }
    ++rows.batch.rows;
  }
  for (types::ColumnBuilder& builder : builders) rows.batch.columns.push_back(builder.finish());
  return rows;
}

}  // namespace offtake::test
