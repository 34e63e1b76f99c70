#include "controlplane/console/frames.h"

namespace offtake::console {

std::string frame(std::string_view event, std::string_view id, std::string_view data) {
  std::string out;
  if (!id.empty()) out += fmt::format("id: {}\n", id);
  out += fmt::format("event: {}\ndata: {}\n\n", event, data);
  return out;
}

std::string ready_data(bool resumed, std::string_view build) {
  return json::dump(json::Object{{"resumed", resumed}, {"build", build}});
}

std::string reset_data(std::string_view build) {
  return json::dump(json::Object{{"build", build}});
}

std::string heartbeat_data(base::Micros now) {
  return json::dump(json::Object{{"at", base::format_instant(now)}});
}

std::string end_data(std::string_view reason) {
  return json::dump(json::Object{{"reason", reason}});
}

std::string changed_data(std::string_view topic, std::string_view id, json::Value object,
                         const json::Value& progress) {
  if (json::Value* metadata = object.find("metadata")) metadata->erase("managedFields");
  json::Value out = json::Object{{"topic", topic}, {"id", id}, {"object", std::move(object)}};
  if (!progress.is_null()) out.set("progress", json::Object{{"revisions", progress["revisions"]}});
  return json::dump(out);
}

std::string removed_data(std::string_view topic, std::string_view id) {
  return json::dump(json::Object{{"topic", topic}, {"id", id}});
}

}  // namespace offtake::console
