#include "controlplane/console/frames.h"
#include "controlplane/console/topics.h"

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

namespace {

// Who manages which members of the object, without what lies below those: that is most of an object's bytes.
json::Value managers_of(const json::Value& managed) {
  json::Value out = json::Value::array();
  if (!managed.is_array()) return out;
  for (const json::Value& entry : managed.as_array()) {
    json::Value shown = json::Value::object();
    for (const char* member : {"manager", "operation", "subresource"}) {
      if (const json::Value* value = entry.find(member)) shown.set(member, *value);
    }
    json::Value members = json::Value::object();
    if (const json::Value* fields = entry.find("fieldsV1"); fields != nullptr && fields->is_object()) {
      for (const auto& [name, below] : fields->as_object()) members.set(name, json::Value::object());
    }
    shown.set("fieldsV1", std::move(members));
    out.push_back(std::move(shown));
  }
  return out;
}

}  // namespace

std::string changed_data(std::string_view topic, std::string_view id, json::Value object,
                         const json::Value& progress) {
  if (json::Value* metadata = object.find("metadata")) {
    json::Value managers = managers_of((*metadata)["managedFields"]);
    metadata->erase("managedFields");
    if (product_of(topic) && !managers.as_array().empty())
      metadata->set("managedFields", std::move(managers));
  }
  json::Value out = json::Object{{"topic", topic}, {"id", id}, {"object", std::move(object)}};
  if (!progress.is_null()) out.set("progress", json::Object{{"revisions", progress["revisions"]}});
  return json::dump(out);
}

std::string removed_data(std::string_view topic, std::string_view id) {
  return json::dump(json::Object{{"topic", topic}, {"id", id}});
}

}  // namespace offtake::console
