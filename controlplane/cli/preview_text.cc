#include "controlplane/cli/preview_text.h"

#include "controlplane/cli/connection.h"

namespace offtake::cli {
namespace {

constexpr std::size_t kWidestCell = 60;  // characters

// One line; cut where it is long, between characters.
std::string cell_text(const json::Value& cell) {
  if (!cell.is_string()) return "NULL";
  std::string out;
  std::size_t characters = 0;
  for (const char c : cell.as_string()) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (begins && characters++ == kWidestCell) return out + "…";
    const auto code = static_cast<unsigned char>(c);
    out += code < 0x20 || code == 0x7F ? ' ' : c;
  }
  return out.empty() ? "''" : out;
}

}  // namespace

std::string preview_text(const std::string& title, const json::Value& preview, const Console& console) {
  std::string out = fmt::format("{}\n", console.paint(title, Colour::kBold));
  std::vector<std::vector<std::string>> table(1);
  for (const json::Value& column : preview["columns"].as_array())
    table[0].push_back(column.string_or("name"));
  for (const json::Value& row : preview["rows"].as_array()) {
    auto& line = table.emplace_back();
    for (const json::Value& cell : row.as_array()) line.push_back(cell_text(cell));
  }
  return out + table_text(table);
}

std::vector<std::string> preview_notes(const json::Value& preview) {
  std::vector<std::string> out;
  const auto shown = static_cast<std::int64_t>(preview["rows"].as_array().size());
  const std::int64_t found = preview.int_or("rowsFound");
  const bool more = preview["moreRows"].is_bool() && preview["moreRows"].as_bool();
  out.push_back(shown == found && !more ? fmt::format("{} rows", grouped(shown))
                                        : fmt::format("{} of {}{} rows", grouped(shown),
                                                      more ? "more than " : "", grouped(found)));
  for (const json::Value& line : preview["summary"].as_array()) out.push_back(line.as_string());
  for (const json::Value& error : preview["rowErrors"].as_array()) {
    out.push_back(fmt::format("in error: {} for row {}", error.string_or("message"), error.string_or("row")));
  }
  for (const json::Value& violation : preview["keyViolations"].as_array()) {
    out.push_back(fmt::format("in error: key {} is claimed twice: {} and {}", violation.string_or("key"),
                              violation.string_or("first"), violation.string_or("second")));
  }
  for (const json::Value& record : preview["badRecords"].as_array())
    out.push_back("in error: " + record.as_string());
  return out;
}

}  // namespace offtake::cli
