#include "controlplane/cli/object_table.h"

#include "controlplane/cli/progress.h"
#include "controlplane/resources/cells.h"

namespace offtake::cli {
namespace {

using resources::Kind;

bool is_product(const Kind& kind) {
  return &kind == &resources::kind_of<resources::DataProduct>();
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// Of a product the lag stands where others read how much is filled: it is what one looks for here.
bool is_shown(const Kind& kind, const resources::PrinterColumn& column, bool wide) {
  if (wide) return true;
  if (column.priority > 0) return false;
  return !is_product(kind) || (column.name != "Filled" && column.name != "Parked");
}

bool lag_before(const Kind& kind, const resources::PrinterColumn& column) {
  return is_product(kind) && column.name == "Age";
}

std::string cell_text(const json::Value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  return json::dump(value);
}

std::string lag_cell(const json::Value& object, ApiClient& client) {
  const json::Value& metadata = object["metadata"];
  http::ClientRequest request;
  request.path = view_path(metadata.string_or("namespace"), metadata.string_or("name"), "progress");
  auto progress = client.call(std::move(request));
  if (!progress) return "";
  const json::Value newest = newest_progress(*progress);
  return newest.find("lagMilliseconds") == nullptr ? "" : lag_text(newest.int_or("lagMilliseconds"));
}

}  // namespace

std::vector<std::string> table_header(const Kind& kind, const TableChoices& choices) {
  std::vector<std::string> out;
  if (choices.namespaces) out.emplace_back("NAMESPACE");
  out.emplace_back("NAME");
  for (const auto& column : kind.columns) {
    if (!is_shown(kind, column, choices.wide)) continue;
    if (lag_before(kind, column)) out.emplace_back("LAG");
    out.push_back(upper(column.name));
  }
  return out;
}

std::vector<std::string> table_row(const Kind& kind, const json::Value& object, const TableChoices& choices,
                                   ApiClient& client, base::Micros now) {
  std::vector<std::string> out;
  const json::Value& metadata = object["metadata"];
  if (choices.namespaces) out.push_back(metadata.string_or("namespace"));
  out.push_back(metadata.string_or("name"));
  const auto cells = resources::cells(kind, object, now);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!is_shown(kind, kind.columns[i], choices.wide)) continue;
    if (lag_before(kind, kind.columns[i])) out.push_back(lag_cell(object, client));
    out.push_back(cell_text(cells[i]));
    if (is_product(kind) && kind.columns[i].name == "Filled" && !out.back().empty()) out.back() += '%';
  }
  // An empty cell would be taken for the next one's.
  for (std::string& cell : out) {
    if (cell.empty()) cell.assign(1, '-');
  }
  return out;
}

}  // namespace offtake::cli
