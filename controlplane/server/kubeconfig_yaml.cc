#include "base/yaml/node.h"
#include "controlplane/server/kubeconfig.h"

namespace offtake::server {
namespace {

// Replaces the entry of that name in a list of {name, <kind>: {...}}.
void put(json::Value& config, const char* list, const std::string& name, const char* kind,
         json::Value content) {
  json::Value entry = json::Value::object();
  entry.set("name", name);
  entry.set(kind, std::move(content));
  json::Value& entries = config.get_or_add(list);
  if (!entries.is_array()) entries = json::Value::array();
  for (json::Value& present : entries.as_array()) {
    if (present.string_or("name") == name) {
      present = std::move(entry);
      return;
    }
  }
  entries.push_back(std::move(entry));
}

}  // namespace

base::Status write_kubeconfig(const files::Path& file, const files::Path& data_directory,
                              const std::string& url, const std::string& token) {
  json::Value config = json::Value::object();
  if (files::exists(file)) {
    auto text = files::read_file(file);
    if (!text) return std::move(text).error();
    auto documents = yaml::parse(*text);
    // What cannot be read is somebody's file: it is left alone.
    if (!documents) return std::move(documents).error().in(file.string());
    if (!documents->empty()) config = yaml::to_json(documents->front().root);
  }
  if (!config.is_object()) config = json::Value::object();
  const std::string name = data_directory.string();
  config.set("apiVersion", "v1");
  config.set("kind", "Config");
  json::Value cluster = json::Value::object(), user = json::Value::object(), context = json::Value::object();
  cluster.set("server", url);
  user.set("token", token);
  context.set("cluster", name);
  context.set("user", name);
  context.set("namespace", "default");
  put(config, "clusters", name, "cluster", std::move(cluster));
  put(config, "users", name, "user", std::move(user));
  put(config, "contexts", name, "context", std::move(context));
  config.set("current-context", name);
  if (auto made = files::make_dirs(file.parent_path(), 0700); !made) return made;
  return files::write_file_atomic(file, yaml::dump(config), 0600);
}

}  // namespace offtake::server
