#include "base/json/value.h"
#include "operators/targets/topic/appended.h"

namespace offtake::targets::topic {
namespace {

void put(std::uint64_t value, std::size_t bytes, std::string& out) {
  for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::uint64_t take(std::string_view& bytes, std::size_t count) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < count; ++i) out = out << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(count);
  return out;
}

}  // namespace

std::string position_key(const Position& position) {
  std::string out;
  put(static_cast<std::uint64_t>(position.partition), 4, out);
  put(static_cast<std::uint64_t>(position.offset), 8, out);
  put(static_cast<std::uint64_t>(position.ordinal), 4, out);
  return out;
}

Position position_of(std::string_view key) {
  Position out;
  out.partition = static_cast<int>(take(key, 4));
  out.offset = static_cast<sources::Offset>(take(key, 8));
  out.ordinal = static_cast<int>(take(key, 4));
  return out;
}

std::string to_text(const Appended& appended) {
  json::Value out = json::Value::object();
  out.set("complete", appended.complete);
  json::Value last = json::Value::array();
  for (const auto& [partition, position] : appended.last)
    last.push_back(json::Array{partition, position.offset, position.ordinal});
  out.set("last", std::move(last));
  return json::dump(out);
}

base::Result<Appended> appended_from(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return std::move(value).error();
  Appended out;
  out.complete = value->bool_or("complete");
  const json::Value& last = (*value)["last"];
  if (!last.is_array())
    return base::terminal("BadStoredValue", "how far the topic was filled is not readable");
  for (const auto& each : last.as_array()) {
    if (!each.is_array() || each.as_array().size() != 3)
      return base::terminal("BadStoredValue", "how far the topic was filled is not readable");
    const auto& parts = each.as_array();
    const Position position{static_cast<int>(parts[0].as_int()), parts[1].as_int(),
                            static_cast<int>(parts[2].as_int())};
    out.last[position.partition] = position;
  }
  return out;
}

}  // namespace offtake::targets::topic
