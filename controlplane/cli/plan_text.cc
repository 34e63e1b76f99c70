#include "controlplane/cli/connection.h"
#include "controlplane/cli/plan_request.h"
#include "controlplane/sql/fields.h"

namespace offtake::cli {
namespace {

std::vector<std::string> texts(const json::Value& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const json::Value& item : list.as_array()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

std::string indented(const std::string& text, std::string_view indent) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end > at) out += fmt::format("{}{}\n", indent, std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string action_text(const json::Value& plan, const Console& console) {
  const std::string action = plan.string_or("action");
  if (action == "Create") return console.paint("create", Colour::kGreen);
  if (action == "Rebuild") {
    return console.paint("rebuild", Colour::kYellow) +
           ": the next revision is filled beside the present one, "
           "then takes its place";
  }
  if (action == "InPlace")
    return console.paint("change in place", Colour::kGreen) + ": nothing is filled again";
  return "none: it is as it should be";
}

std::string sources_text(const json::Value& sources) {
  std::vector<std::vector<std::string>> rows = {
      {"DATASET", "TYPE", "READ", "COLUMNS", "RECORDS", "BYTES", "WHY"}};
  std::string notes;
  for (const json::Value& source : sources.as_array()) {
    const auto columns = texts(source["columns"]);
    rows.push_back({source.string_or("dataset"), source.string_or("type"), source.string_or("read"),
                    fmt::format("{} of {}", sql::columns_among(columns), source.int_or("columnsTotal")),
                    grouped(source.int_or("records")), bytes_text(source.int_or("bytes")),
                    source.string_or("reason")});
    for (const std::string& note : texts(source["notes"])) {
      notes += fmt::format("  {}: {}\n", source.string_or("dataset"), note);
    }
  }
  return indented(table_text(rows), "  ") + notes;
}

std::string target_text(const json::Value& target, const Console& console) {
  std::string out =
      fmt::format("{}    {} ({}, class {})\n", console.paint("Target", Colour::kBold),
                  target.string_or("name"), target.string_or("engine"), target.string_or("className"));
  std::vector<std::vector<std::string>> rows = {{"COLUMN", "TYPE", "IN THE TARGET"}};
  if (const json::Value& columns = target["columns"]; columns.is_array()) {
    for (const json::Value& column : columns.as_array()) {
      rows.push_back({column.string_or("name"), column.string_or("type"), column.string_or("targetType")});
    }
  }
  if (rows.size() > 1) out += indented(table_text(rows), "  ");
  if (const std::string identity = target.string_or("identity"); !identity.empty()) {
    out += fmt::format("  identity: {}\n", identity);
  }
  return out;
}

// "  filled in about 3 minutes, at 50,000 records/s (assumed, as no fill was measured yet)"
std::string estimate_text(const json::Value& estimate) {
  const std::int64_t seconds = estimate.int_or("seconds");
  std::string time = "less than a minute";
  if (seconds >= 60) {
    const std::int64_t minutes = (seconds + 30) / 60;
    time = fmt::format("about {} {}", grouped(minutes), minutes == 1 ? "minute" : "minutes");
  }
  return fmt::format("  filled in {}, at {} records/s ({})\n", time,
                     grouped(estimate.int_or("recordsPerSecond")), estimate.string_or("basis"));
}

}  // namespace

std::string plan_text(const std::string& title, const json::Value& plan, const Console& console) {
  std::string out = fmt::format("{}\n", console.paint(title, Colour::kBold));
  out += fmt::format("{}    {}\n", console.paint("Action", Colour::kBold), action_text(plan, console));
  for (const std::string& reason : texts(plan["reasons"])) out += fmt::format("  {}\n", reason);
  if (const std::string start = plan.string_or("startTime"); !start.empty()) {
    out += fmt::format("{}   from {}\n", console.paint("History", Colour::kBold), start);
  }
  if (plan["sources"].is_array() && !plan["sources"].as_array().empty()) {
    const bool fills = plan.string_or("action") == "Create" || plan.string_or("action") == "Rebuild";
    out += fmt::format("{}   {} records {}, {}\n", console.paint("Sources", Colour::kBold),
                       grouped(plan.int_or("records")), fills ? "to read" : "in what it reads",
                       bytes_text(plan.int_or("bytes")));
    out += sources_text(plan["sources"]);
  }
  if (plan["estimate"].is_object()) out += estimate_text(plan["estimate"]);
  if (plan["target"].is_object()) out += target_text(plan["target"], console);
  if (const auto makes = texts(plan["makes"]); !makes.empty()) {
    out += fmt::format("{}\n", console.paint("Makes", Colour::kBold));
    for (const std::string& made : makes) out += fmt::format("  {}\n", made);
  }
  for (const std::string& user : texts(plan["dependants"])) out += fmt::format("  used by {}\n", user);
  if (const std::string guarantee = plan.string_or("guarantee"); !guarantee.empty()) {
    out += fmt::format("{} {}\n", console.paint("Guarantee", Colour::kBold), guarantee);
  }
  if (const json::Value& delivery = plan["delivery"]; delivery.is_object()) {
    out += fmt::format("{} {}: {}\n", console.paint("Changes", Colour::kBold), delivery.string_or("changes"),
                       delivery.string_or("reason"));
  }
  if (const std::string explain = plan.string_or("explain"); !explain.empty()) {
    out += fmt::format("{}\n{}", console.paint("Plan", Colour::kBold), indented(explain, "  "));
  }
  return out;
}

}  // namespace offtake::cli
