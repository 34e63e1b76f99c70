#include "base/yaml/node.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/progress.h"
#include "controlplane/cli/verbs.h"
#include "controlplane/resources/cells.h"

namespace offtake::cli {
namespace {

std::string indented(const std::string& text, std::string_view indent = "  ") {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out += end > at ? fmt::format("{}{}\n", indent, std::string_view(text).substr(at, end - at)) : "\n";
    at = end + 1;
  }
  return out;
}

std::string ago(const std::string& instant, base::Micros now) {
  auto parsed = base::parse_instant(instant);
  return parsed ? resources::age_text(*parsed, now) : "";
}

std::string map_text(const json::Value& map) {
  std::string out;
  for (const auto& [name, value] : map.as_object()) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name,
                       value.is_string() ? value.as_string() : json::dump(value));
  }
  return out;
}

std::string head_text(const json::Value& object, base::Micros now) {
  const json::Value& metadata = object["metadata"];
  std::vector<std::vector<std::string>> rows = {{"Name:", metadata.string_or("name")}};
  const auto add = [&](const char* label, std::string value) {
    if (!value.empty()) rows.push_back({label, std::move(value)});
  };
  add("Namespace:", metadata.string_or("namespace"));
  add("Kind:", object.string_or("kind"));
  if (metadata["labels"].is_object()) add("Labels:", map_text(metadata["labels"]));
  if (metadata["annotations"].is_object()) add("Annotations:", map_text(metadata["annotations"]));
  const std::string created = metadata.string_or("creationTimestamp");
  add("Created:", fmt::format("{} ({} ago)", created, ago(created, now)));
  if (const std::string deleted = metadata.string_or("deletionTimestamp"); !deleted.empty()) {
    add("Deleting:", fmt::format("since {} ({})", deleted, ago(deleted, now)));
  }
  if (const auto generation = metadata.int_or("generation"); generation > 0) {
    add("Generation:", fmt::format("{}", generation));
  }
  return table_text(rows);
}

std::string conditions_text(const json::Value& conditions, base::Micros now) {
  std::vector<std::vector<std::string>> rows = {{"TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"}};
  for (const json::Value& condition : conditions.as_array()) {
    rows.push_back({condition.string_or("type"), condition.string_or("status"), condition.string_or("reason"),
                    ago(condition.string_or("lastTransitionTime"), now), condition.string_or("message")});
  }
  return "\nConditions:\n" + indented(table_text(rows));
}

std::string progress_text(const json::Value& progress) {
  if (!progress["revisions"].is_array() || progress["revisions"].as_array().empty()) return "";
  std::string out = "\nProgress:\n";
  for (const json::Value& one : progress["revisions"].as_array()) {
    std::vector<std::vector<std::string>> rows;
    const auto add = [&](const char* label, std::string value) { rows.push_back({label, std::move(value)}); };
    add("State:", one.string_or("state", "starting"));
    if (one.find("message") != nullptr) {
      add("Why:", one.string_or("reason") + ": " + one.string_or("message"));
    }
    if (one.find("recordsTotal") != nullptr) {
      add("Filled:", fmt::format("{} of {} records, {} rows", grouped(one.int_or("recordsRead")),
                                 grouped(one.int_or("recordsTotal")), grouped(one.int_or("rowsLoaded"))));
      add("Rows:", fmt::format("{} (checksum {})", grouped(one.int_or("rows")), one.string_or("checksum")));
      add("Epochs:", fmt::format("{} committed, {} records since the fill",
                                 grouped(one.int_or("epochsCommitted")), grouped(one.int_or("recordsLive"))));
    }
    if (one.find("lagMilliseconds") != nullptr) {
      add("Lag:", fmt::format("{}, {} records", lag_text(one.int_or("lagMilliseconds")),
                              grouped(one.int_or("lagRecords"))));
    }
    if (one.int_or("stateBytes") > 0) {
      add("State size:",
          fmt::format("{:.1f} MiB", static_cast<double>(one.int_or("stateBytes")) / (1 << 20)));
    }
    if (const json::Value& last = one["checkpoint"]; last.is_object()) {
      add("Checkpoint:",
          fmt::format("{}, epoch {}, {:.1f} MiB", last.string_or("at"), grouped(last.int_or("epoch")),
                      static_cast<double>(last.int_or("bytes")) / (1 << 20)));
    }
    if (one.int_or("checkpointsFailed") > 0) {
      add("Checkpoints:", fmt::format("{} could not be written", grouped(one.int_or("checkpointsFailed"))));
    }
    add("Worker:", fmt::format("{}, pid {}, incarnation {}, {} restarts",
                               one.bool_or("running") ? "running" : "not running", one.int_or("pid"),
                               one.int_or("incarnation"), one.int_or("restarts")));
    if (one.find("exitReason") != nullptr) {
      add("Ended:", one.string_or("exitReason") + ": " + one.string_or("exitMessage"));
    }
    out += fmt::format("  Revision {}:\n", one.int_or("revision")) + indented(table_text(rows), "    ");
  }
  return out;
}

std::string events_text(const std::vector<json::Value>& events, base::Micros now) {
  if (events.empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"AGE", "TYPE", "REASON", "TIMES", "MESSAGE"}};
  for (const json::Value& event : events) {
    rows.push_back({ago(event.string_or("lastTimestamp"), now), event.string_or("type"),
                    event.string_or("reason"), fmt::format("{}", event.int_or("count", 1)),
                    event.string_or("message")});
  }
  return "\nEvents:\n" + indented(table_text(rows));
}

std::vector<json::Value> events_of(const json::Value& object, ApiClient& client) {
  const json::Value& metadata = object["metadata"];
  store::ListOptions options;
  options.namespace_name = metadata.string_or("namespace");
  options.field_selector = fmt::format("involvedObject.name={},involvedObject.kind={}",
                                       metadata.string_or("name"), object.string_or("kind"));
  auto found = client.list(resources::kind_of<resources::Event>(), options);
  if (!found) return {};
  std::stable_sort(found->items.begin(), found->items.end(), [](const json::Value& a, const json::Value& b) {
    return a.string_or("lastTimestamp") < b.string_or("lastTimestamp");
  });
  return std::move(found->items);
}

int run(const Arguments& arguments, Console& console) {
  auto client = connect(arguments);
  if (!client) return fail(console, client.error());
  auto wanted = read_object_name(arguments, **client, true);
  if (!wanted) {
    console.error(wanted.error());
    return kUsage;
  }
  auto found = (*client)->get(*wanted->kind, wanted->namespace_name, wanted->name);
  if (!found) return fail(console, found.error());
  const base::Micros now = base::system_clock().now();
  console.text(head_text(*found, now));
  if ((*found)["spec"].is_object()) console.text("\nSpec:\n" + indented(yaml::dump((*found)["spec"])));
  if ((*found)["data"].is_object()) {
    // What is in a Secret is shown by `get -o yaml` only.
    std::string keys = "\nKeys:\n";
    for (const auto& member : (*found)["data"].as_object()) keys += "  " + member.first + "\n";
    console.text(keys);
  }
  json::Value status = (*found)["status"];
  if (status["conditions"].is_array()) {
    console.text(conditions_text(status["conditions"], now));
    status.erase("conditions");
  }
  status.erase("observedGeneration");
  if (status.is_object() && !status.as_object().empty()) {
    console.text("\nStatus:\n" + indented(yaml::dump(status)));
  }
  if (wanted->kind == &resources::kind_of<resources::DataProduct>()) {
    http::ClientRequest request;
    request.path = view_path(wanted->namespace_name, wanted->name, "progress");
    if (auto progress = (*client)->call(std::move(request))) console.text(progress_text(*progress));
  }
  console.text(events_text(events_of(*found, **client), now));
  return kDone;
}

}  // namespace

const Verb& describe_verb() {
  static const Verb kVerb = {"describe",
                             "Tells everything about one object: conditions, progress, events",
                             {{"KIND", "dataproduct, dataset, eventstore, targetclass, secret, namespace"},
                              {"NAME", "the object's; KIND/NAME in one word as well", false}},
                             {namespace_option()},
                             "  offtake describe dataproduct payment-confirmations -n retail",
                             run,
                             false,
                             true};
  return kVerb;
}

}  // namespace offtake::cli
