#include "base/json/value.h"
#include "controlplane/auth/session_file.h"

namespace offtake::auth {

std::string session_file_text(const std::vector<SessionRecord>& records) {
  json::Value sessions = json::Value::array();
  for (const SessionRecord& record : records) {
    sessions.push_back(
        json::Object{{"digest", record.digest}, {"created", record.created}, {"used", record.used}});
  }
  return json::dump(json::Object{{"sessions", std::move(sessions)}}) + "\n";
}

base::Result<std::vector<SessionRecord>> read_session_file(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return std::move(value).error();
  std::vector<SessionRecord> out;
  const json::Value& sessions = (*value)["sessions"];
  if (!sessions.is_array()) return base::terminal("BadJson", "there is no list `sessions`");
  for (const json::Value& one : sessions.as_array())
    out.push_back({one.string_or("digest"), one.int_or("created"), one.int_or("used")});
  return out;
}

}  // namespace offtake::auth
