#include "base/json/value.h"
#include "operators/provision/servers/site.h"

namespace offtake::provision::servers {
namespace {

files::Path record_path(const files::Path& directory) {
  return directory / "server.json";
}

}  // namespace

base::Result<std::optional<SiteRecord>> read_record(const files::Path& directory) {
  auto text = files::read_file(record_path(directory), 64 << 10);
  if (!text) {
    if (text.error().code == "NotFound") return std::optional<SiteRecord>();
    return std::move(text).error();
  }
  const auto value = json::parse(*text);
  if (!value || !value->is_object() || !(*value)["ports"].is_array()) {
    return base::terminal("DirectoryTaken",
                          fmt::format("{} is not understood", record_path(directory).string()))
        .with_hint("it was changed by hand: restore it, or move the folder away");
  }
  SiteRecord record;
  record.uid = value->string_or("uid");
  record.form = value->string_or("form");
  for (const auto& port : (*value)["ports"].as_array()) {
    if (port.is_int()) record.ports.push_back(static_cast<int>(port.as_int()));
  }
  return std::optional<SiteRecord>(std::move(record));
}

base::Status write_record(const files::Path& directory, const SiteRecord& record) {
  json::Value ports = json::Value::array();
  for (const int port : record.ports) ports.as_array().emplace_back(port);
  json::Value value = json::Value::object();
  value.set("uid", record.uid);
  value.set("form", record.form);
  value.set("ports", std::move(ports));
  return files::write_file_atomic(record_path(directory), json::dump(value) + "\n", 0600);
}

}  // namespace offtake::provision::servers
