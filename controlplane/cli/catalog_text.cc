#include "controlplane/cli/catalog_text.h"

#include <algorithm>
#include <cmath>

#include "controlplane/cli/connection.h"
#include "controlplane/resources/cells.h"

namespace offtake::cli {
namespace {

constexpr std::size_t kLongestDescription = 60;  // in a table

// Texts are other people's: what moves a cursor or ends a line becomes a space.
std::string printable(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    out += c1 || byte < 0x20 || byte == 0x7F ? ' ' : text[i];
  }
  return out;
}

json::Value printable(const json::Value& value) {
  if (value.is_string()) return printable(value.as_string());
  json::Value out = value;
  if (out.is_array()) {
    for (json::Value& item : out.as_array()) item = printable(item);
  }
  if (out.is_object()) {
    for (auto& [name, member] : out.as_object()) member = printable(member);
  }
  return out;
}

std::string name_of(const json::Value& object) {
  return object.string_or("namespace") + "/" + object.string_or("name");
}

std::string joined(const json::Value& list, std::string_view between = ", ") {
  std::string out;
  if (!list.is_array()) return out;
  for (const json::Value& item : list.as_array())
    out += fmt::format("{}{}", out.empty() ? "" : between, item.as_string());
  return out;
}

std::string ago(const json::Value& object, std::string_view member, base::Micros now) {
  auto parsed = base::parse_instant(object.string_or(member));
  return parsed ? resources::age_text(*parsed, now) : "";
}

std::string number(const json::Value& object, std::string_view member) {
  const json::Value* found = object.find(member);
  return found == nullptr ? "" : grouped(found->as_int());
}

// Cut between characters.
std::string cut(const std::string& text, std::size_t longest) {
  if (shown_width(text) <= longest) return text;
  std::string out;
  std::size_t characters = 0;
  for (const char c : text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (begins && ++characters == longest) break;
    out += c;
  }
  return out + "…";
}

// The text with its ranges, which count UTF-16 code units, in bold.
std::string marked(const json::Value& match, const Console& console) {
  const std::string text = match.string_or("text");
  std::vector<std::pair<std::size_t, std::size_t>> ranges;  // in bytes
  std::vector<std::size_t> starts;                          // of each code unit
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte & 0xC0U) == 0x80) continue;
    starts.push_back(at);
    if (byte >= 0xF0) starts.push_back(at);
  }
  starts.push_back(text.size());
  std::string out;
  std::size_t done = 0;
  for (const json::Value& range : match["ranges"].as_array()) {
    const auto place = [&](std::size_t i) {
      return starts[std::min(starts.size() - 1, static_cast<std::size_t>(range.as_array()[i].as_int()))];
    };
    out += text.substr(done, place(0) - done);
    out += console.paint(text.substr(place(0), place(1) - place(0)), Colour::kBold);
    done = place(1);
  }
  return out + text.substr(done);
}

// What a row does not show already.
std::string matches_text(const json::Value& item, const Console& console) {
  std::string out;
  for (const json::Value& match : item["matches"].as_array()) {
    const std::string field = match.string_or("field"), path = match.string_or("path");
    if (field == "name" || field == "owner") continue;
    if (field == "column" && path != match.string_or("text")) {
      out += fmt::format("    {}: {}\n", console.paint(path, Colour::kDim), marked(match, console));
    } else {
      out += fmt::format("    {}: {}\n", console.paint(field, Colour::kDim), marked(match, console));
    }
  }
  return out;
}

std::string rate_of(const json::Value& item) {
  const json::Value* rate = item.find("rate");
  return rate == nullptr ? "" : rate_text((*rate)["perSecond"].as_double());
}

std::string indented(const std::string& text, std::string_view indent = "  ") {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out += fmt::format("{}{}\n", indent, std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  return out;
}

void add_columns(const json::Value& columns, const std::string& indent, bool wide,
                 std::vector<std::vector<std::string>>& rows) {
  for (const json::Value& column : columns.as_array()) {
    const std::string name = column.string_or("name");
    std::string type = column.string_or("type");
    // What a record holds stands below it.
    const bool nested = column.find("children") != nullptr;
    if (nested && type.starts_with("record(")) type = type.ends_with("[]") ? "record[]" : "record";
    std::string says = column.string_or("description");
    if (says.empty() || wide) {
      const std::string doc = column.string_or("doc");
      if (doc != says) says += fmt::format("{}{}", says.empty() || doc.empty() ? "" : " — ", doc);
    }
    if (column.find("refused") != nullptr) says = "cannot be queried: " + column.string_or("refused");
    if (column.find("values") != nullptr && says.empty()) says = "one of " + joined(column["values"]);
    std::vector<std::string> row = {indent + (name.empty() ? "(the value)" : name), std::move(type),
                                    column.bool_or("nullable") ? "" : "not null",
                                    column.bool_or("key") ? "key" : "", column.string_or("classification")};
    if (wide) row.push_back(column.string_or("default"));
    row.push_back(std::move(says));
    rows.push_back(std::move(row));
    if (nested) add_columns(column["children"], indent + "  ", wide, rows);
  }
}

std::string change_text(const json::Value& change) {
  const std::string kind = change.string_or("kind"), path = change.string_or("path");
  if (kind == "Added") return fmt::format("+ {} {}", path, change.string_or("to"));
  if (kind == "Removed") return fmt::format("- {} {}", path, change.string_or("from"));
  if (kind == "Doc") return fmt::format("~ {}: said anew", path);
  const std::string what = kind == "Default" ? "default " : "";
  return fmt::format("~ {}: {}{} -> {}", path, what, change.string_or("from"), change.string_or("to"));
}

std::string versions_text(const json::Value& dataset) {
  std::vector<std::vector<std::string>> rows = {{"VERSION", "ID", "COMPATIBLE", "CHANGES"}};
  for (const json::Value& version : dataset["versions"].as_array()) {
    std::vector<std::string> first = {fmt::format("{}", version.int_or("version")),
                                      fmt::format("{}", version.int_or("id")),
                                      version.string_or("compatible"), ""};
    std::vector<std::string> changes;
    for (const json::Value& change : version["changes"].as_array()) changes.push_back(change_text(change));
    if (const json::Value& problems = version["problems"]; problems.is_array()) {
      for (const json::Value& problem : problems.as_array()) changes.push_back("! " + problem.as_string());
    }
    if (!changes.empty()) first.back() = changes.front();
    rows.push_back(std::move(first));
    for (std::size_t i = 1; i < changes.size(); ++i) rows.push_back({"", "", "", changes[i]});
  }
  std::string out = indented(table_text(rows));
  const auto shown = static_cast<std::int64_t>(dataset["versions"].as_array().size());
  if (const auto total = dataset.int_or("versionsTotal"); total > shown)
    out += fmt::format("  and {} older ones\n", grouped(total - shown));
  return out;
}

std::string relationships_text(const json::Value& list, const Console& console) {
  std::vector<std::vector<std::string>> rows = {{"DATASET", "ON", "BECAUSE"}};
  std::string problems;
  for (const json::Value& one : list.as_array()) {
    std::string on;
    for (const json::Value& pair : one["columns"].as_array()) {
      on += fmt::format("{}{} = {}", on.empty() ? "" : " AND ", pair.string_or("from"), pair.string_or("to"));
    }
    const std::string because = (one.bool_or("declared") ? "" : "proposed: ") + one.string_or("reason");
    rows.push_back(
        {fmt::format("{} {}", one.string_or("direction") == "Out" ? "->" : "<-", name_of(one["dataset"])), on,
         because});
    if (one.find("problem") != nullptr) {
      problems += fmt::format("  {} {}: {}\n", console.paint("problem:", Colour::kYellow),
                              name_of(one["dataset"]), one.string_or("problem"));
    }
  }
  return indented(table_text(rows)) + problems;
}

std::string users_text(const json::Value& list) {
  std::vector<std::vector<std::string>> rows = {{"PRODUCT", "READY", "OWNER", "CLASS", "READS"}};
  for (const json::Value& user : list.as_array()) {
    const std::string reason = user.string_or("reason");
    rows.push_back({name_of(user), reason.empty() ? "-" : reason, user.string_or("owner"),
                    user.string_or("className"), joined(user["columns"])});
  }
  return indented(table_text(rows));
}

std::string head_text(const json::Value& dataset, base::Micros now) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const char* label, std::string value) {
    if (!value.empty()) rows.push_back({label, std::move(value)});
  };
  const std::string time = dataset.string_or("eventTime");
  add("Owner:", dataset.string_or("owner"));
  add("Type:", dataset.string_or("type") + (time.empty() ? "" : ", at " + time));
  add("Key:",
      joined(dataset["key"]) + (dataset.string_or("keyFrom") == "RecordKey" ? ", from the record key" : ""));
  add("Tags:", joined(dataset["tags"]));
  std::string topic = fmt::format("{}, topic {}", dataset.string_or("store"), dataset.string_or("topic"));
  if (const json::Value& partitions = dataset["partitions"]; partitions.is_array()) {
    const std::string kept = dataset.string_or("retention");
    topic += fmt::format(", {} partition{}, kept {}", partitions.as_array().size(),
                         partitions.as_array().size() == 1 ? "" : "s",
                         kept == "Forever" ? "for ever" : "for " + kept);
    if (dataset.string_or("cleanup") == "Compact") topic += ", compacted";
  }
  add("Store:", topic);
  add("Schema:", fmt::format("{}{}", dataset.string_or("subject"),
                             dataset.find("schemaVersion") == nullptr
                                 ? ", not registered yet"
                                 : fmt::format(", version {}", dataset.int_or("schemaVersion"))));
  if (dataset.find("records") != nullptr) {
    std::string records = grouped(dataset.int_or("records"));
    if (dataset.find("bytes") != nullptr) records += ", " + bytes_text(dataset.int_or("bytes"));
    add("Records:", records);
    if (dataset.find("oldest") != nullptr && dataset.find("newest") != nullptr) {
      add("History:", fmt::format("{} to {} ({} ago)", dataset.string_or("oldest"),
                                  dataset.string_or("newest"), ago(dataset, "newest", now)));
    }
    const std::string spark = spark_text(dataset["rate"]["spark"]);
    add("Rate:", rate_of(dataset) + (spark.empty() ? "" : fmt::format("  {} (24 h)", spark)));
  }
  const json::Value& access = dataset["access"];
  const std::string from = access.string_or("from");
  add("Read by:", from == "All"    ? "every namespace"
                  : from == "Same" ? "namespace " + dataset.string_or("namespace") + " alone"
                                   : "namespaces with " + json::dump(access["selector"]));
  const json::Value& status = dataset["status"];
  add("Status:", fmt::format("{}: {}", status.string_or("reason"), status.string_or("message")));
  if (dataset.find("producer") != nullptr) add("Written by:", "DataProduct " + name_of(dataset["producer"]));
  return table_text(rows);
}

// Lines of a tree below a node.
class Tree {
 public:
  Tree(const json::Value& lineage, const Console& console) : console_(console) {
    for (const json::Value& node : lineage["nodes"].as_array()) nodes_[node.string_or("id")] = &node;
    for (const json::Value& edge : lineage["edges"].as_array()) edges_.push_back(&edge);
  }

  std::string below(const std::string& id, bool upstream, const std::string& indent) {
    std::string out;
    const auto found = edges_of(id, upstream);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const bool last = i + 1 == found.size();
      const std::string other = found[i]->string_or(upstream ? "from" : "to");
      const auto node = nodes_.find(other);
      if (node == nodes_.end()) continue;
      out += fmt::format("{}{} {}\n", indent, last ? "└─" : "├─", node_text(*node->second, *found[i]));
      if (!shown_.insert(other).second) continue;
      out += below(other, upstream, indent + (last ? "   " : "│  "));
    }
    return out;
  }

  std::string node_text(const json::Value& node, const json::Value& edge) const {
    const std::string kind = node.string_or("kind");
    std::string out = fmt::format("{} {}", kind, name_of(node));
    std::string notes;
    const auto add = [&](const std::string& note) {
      if (!note.empty()) notes += (notes.empty() ? "" : ", ") + note;
    };
    if (kind == "Target") {
      add(node.string_or("className"));
    } else if (node.bool_or("missing")) {
      add("not there");
    } else {
      add(node.string_or("reason"));
      add(node.string_or("owner"));
    }
    if (node.find("readable") != nullptr && !node.bool_or("readable")) add("not readable");
    if (const auto more = node.int_or("more"); more > 0) add(fmt::format("{} more not shown", more));
    if (const std::string columns = joined(edge["columns"]); !columns.empty()) add("reads " + columns);
    if (!notes.empty()) out += "  " + console_.paint(notes, Colour::kDim);
    return out;
  }

 private:
  std::vector<const json::Value*> edges_of(const std::string& id, bool upstream) const {
    std::vector<const json::Value*> out;
    for (const json::Value* edge : edges_) {
      if (edge->string_or(upstream ? "to" : "from") == id) out.push_back(edge);
    }
    return out;
  }

  const Console& console_;
  std::map<std::string, const json::Value*> nodes_;
  std::vector<const json::Value*> edges_;
  std::set<std::string> shown_;
};

}  // namespace

std::string spark_text(const json::Value& counts) {
  constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (!counts.is_array()) return "";
  std::int64_t most = 0;
  for (const json::Value& count : counts.as_array()) most = std::max(most, count.as_int());
  if (most == 0) return "";
  std::string out;
  for (const json::Value& count : counts.as_array())
    out += kBars[static_cast<std::size_t>((count.as_int() * 7 + most - 1) / most)];
  return out;
}

std::string rate_text(double per_second) {
  if (per_second <= 0) return "0";
  if (per_second >= 100) return grouped(std::llround(per_second)) + "/s";
  if (per_second >= 1) return fmt::format("{:.1f}/s", per_second);
  if (per_second * 60 >= 1) return fmt::format("{:.0f}/min", per_second * 60);
  return fmt::format("{:.0f}/h", std::max(1.0, per_second * 3'600));
}

std::string catalog_text(const json::Value& answer, bool wide, base::Micros now, const Console& console) {
  const json::Value catalog = printable(answer);
  std::vector<std::vector<std::string>> rows = {
      {"DATASET", "TYPE", "OWNER", "COLUMNS", "RECORDS", "RATE", "NEWEST", "PRODUCTS"}};
  if (wide) {
    for (const char* more : {"KEY", "TAGS", "STORE", "TOPIC"}) rows[0].emplace_back(more);
  }
  rows[0].emplace_back("DESCRIPTION");
  for (const json::Value& item : catalog["items"].as_array()) {
    const std::string name = name_of(item) + (item.bool_or("readable") ? "" : " (not readable)");
    auto& row = rows.emplace_back(std::vector<std::string>{
        name, item.string_or("type"), item.string_or("owner"), number(item, "columns"),
        number(item, "records"), rate_of(item), ago(item, "newest", now), number(item, "products")});
    if (wide) {
      row.push_back(joined(item["key"], ","));
      row.push_back(joined(item["tags"], ","));
      row.push_back(item.string_or("store"));
      row.push_back(item.string_or("topic"));
    }
    const std::string description = item.string_or("description");
    row.push_back(wide ? description : cut(description, kLongestDescription));
  }
  const std::string table = table_text(rows);
  std::string out;
  std::size_t at = 0, line = 0;
  while (at < table.size()) {
    const auto end = table.find('\n', at) + 1;
    out += table.substr(at, end - at);
    if (line > 0) out += matches_text(catalog["items"].as_array()[line - 1], console);
    at = end;
    ++line;
  }
  return out;
}

std::string catalog_note(const json::Value& catalog) {
  const auto shown = static_cast<std::int64_t>(catalog["items"].as_array().size());
  const std::int64_t total = catalog.int_or("total");
  if (total == shown) return "";
  return fmt::format("{} of {} datasets; --limit shows more, more words find fewer", grouped(shown),
                     grouped(total));
}

std::string dataset_text(const json::Value& answer, bool wide, base::Micros now, const Console& console) {
  const json::Value dataset = printable(answer);
  std::string out = fmt::format("{}\n", console.paint("Dataset " + name_of(dataset), Colour::kBold));
  if (const std::string description = dataset.string_or("description"); !description.empty())
    out += description + "\n";
  out += "\n" + head_text(dataset, now);
  if (dataset.find("denied") != nullptr) {
    out += fmt::format("\n{} {}; {}\n", console.paint("not readable:", Colour::kYellow),
                       dataset["denied"].string_or("message"), dataset["denied"].string_or("hint"));
  }
  if (!dataset["schema"].as_array().empty()) {
    std::vector<std::vector<std::string>> rows = {{"NAME", "TYPE", "NULL", "KEY", "CLASSIFICATION"}};
    if (wide) rows[0].emplace_back("DEFAULT");
    rows[0].emplace_back("DESCRIPTION");
    add_columns(dataset["schema"], "", wide, rows);
    out += "\nColumns:\n" + indented(table_text(rows));
  }
  if (!dataset["versions"].as_array().empty()) out += "\nVersions:\n" + versions_text(dataset);
  if (!dataset["relationships"].as_array().empty())
    out += "\nGoes together with:\n" + relationships_text(dataset["relationships"], console);
  if (!dataset["usedBy"].as_array().empty()) out += "\nUsed by:\n" + users_text(dataset["usedBy"]);
  return out;
}

std::string lineage_text(const json::Value& answer, const Console& console) {
  const json::Value lineage = printable(answer);
  Tree tree(lineage, console);
  const std::string root = lineage.string_or("root");
  const json::Value& first = lineage["nodes"].as_array().front();
  std::string out = console.paint(first.string_or("kind") + " " + name_of(first), Colour::kBold) + "\n";
  const std::string above = tree.below(root, true, "  "), under = tree.below(root, false, "  ");
  if (!above.empty()) out += "comes from\n" + above;
  if (!under.empty()) out += "goes to\n" + under;
  if (above.empty() && under.empty()) out += "nothing is known to come from it or go into it\n";
  return out;
}

}  // namespace offtake::cli
