#include "controlplane/resources/cells.h"

namespace offtake::resources {
namespace {

const json::Value& item_of_type(const json::Value& list, std::string_view type) {
  static const json::Value kNull;
  if (!list.is_array()) return kNull;
  for (const json::Value& item : list.as_array()) {
    if (item.string_or("type") == type) return item;
  }
  return kNull;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

json::Value value_at(const json::Value& object, std::string_view path) {
  const json::Value* here = &object;
  while (!path.empty()) {
    path.remove_prefix(1);  // the dot
    const std::size_t end = std::min(path.find_first_of(".[#"), path.size());
    here = &(*here)[path.substr(0, end)];
    path.remove_prefix(end);
    if (!path.empty() && path.front() == '[') {
      const std::size_t close = path.find(']');
      here = &item_of_type(*here, path.substr(1, close - 1));
      path.remove_prefix(close + 1);
    }
    if (!path.empty() && path.front() == '#') {
      if (here->is_array()) return static_cast<std::int64_t>(here->as_array().size());
      if (here->is_object()) return static_cast<std::int64_t>(here->as_object().size());
      return 0;
    }
  }
  return *here;
}

std::string age_text(base::Micros since, base::Micros now) {
  const std::int64_t seconds = std::max<std::int64_t>(0, (now - since) / 1'000'000);
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  const std::int64_t days = hours / 24;
  if (seconds < 120) return fmt::format("{}s", seconds);
  if (minutes < 10) {
    return seconds % 60 == 0 ? fmt::format("{}m", minutes) : fmt::format("{}m{}s", minutes, seconds % 60);
  }
  if (minutes < 180) return fmt::format("{}m", minutes);
  if (hours < 8) {
    return minutes % 60 == 0 ? fmt::format("{}h", hours) : fmt::format("{}h{}m", hours, minutes % 60);
  }
  if (hours < 48) return fmt::format("{}h", hours);
  if (days < 8) return hours % 24 == 0 ? fmt::format("{}d", days) : fmt::format("{}d{}h", days, hours % 24);
  return fmt::format("{}d", days);
}

std::vector<json::Value> cells(const Kind& kind, const json::Value& object, base::Micros now) {
  std::vector<json::Value> out;
  for (const PrinterColumn& column : kind.columns) {
    json::Value value = value_at(object, column.path);
    if (column.type == "date" && value.is_string()) {
      auto instant = base::parse_instant(value.as_string());
      out.emplace_back(instant ? age_text(*instant, now) : "<unknown>");
    } else if (column.path == ".involvedObject") {
      out.emplace_back(lower(value.string_or("kind")) + "/" + value.string_or("name"));
    } else if (value.is_null() && column.type == "string") {
      out.emplace_back("");
    } else {
      out.push_back(std::move(value));
    }
  }
  return out;
}

}  // namespace offtake::resources
