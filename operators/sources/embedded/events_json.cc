// The JSON form of events. The only file that includes simdjson.
#include <simdjson.h>

#include <deque>

#include "base/crypto/crypto.h"
#include "base/json/value.h"
#include "operators/sources/embedded/events_body.h"

namespace offtake::sources::embedded {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t kNoRecord = static_cast<std::size_t>(-1);

// What the records' views point into.
struct Text {
  explicit Text(std::string_view body) : json(body) {}
  simdjson::padded_string json;
  od::parser parser;
  std::deque<std::string> decoded;  // base64
};

base::Error bad(std::size_t record, std::string_view what) {
  if (record == kNoRecord) return base::terminal("BadEvents", std::string(what));
  return base::terminal("BadEvents", fmt::format("records[{}]: {}", record, what));
}

base::Error broken(simdjson::error_code code) {
  return base::terminal("BadEvents",
                        fmt::format("the body is no JSON document: {}", simdjson::error_message(code)));
}

// A text or null.
base::Status read_text(od::value value, std::size_t record, std::string_view name,
                       std::optional<std::string_view>& out) {
  od::json_type type{};
  if (const auto code = value.type().get(type)) return broken(code);
  if (type == od::json_type::null) return {};
  std::string_view text;
  if (type != od::json_type::string) return bad(record, fmt::format("'{}' must be a string or null", name));
  if (const auto code = value.get_string().get(text)) return broken(code);
  if (out) return bad(record, fmt::format("'{}' is given twice", name));
  out = text;
  return {};
}

base::Status read_base64(od::value value, std::size_t record, std::string_view name, Text& text,
                         std::optional<std::string_view>& out) {
  std::optional<std::string_view> encoded;
  if (auto read = read_text(value, record, name, encoded); !read) return read;
  if (!encoded) return {};
  if (out) return bad(record, fmt::format("'{}' is given beside its plain form", name));
  auto bytes = crypto::base64_decode(*encoded);
  if (!bytes) return bad(record, fmt::format("'{}' is no base64", name));
  out = text.decoded.emplace_back(std::move(*bytes));
  return {};
}

base::Status read_integer(od::value value, std::size_t record, std::string_view name, std::int64_t max,
                          std::int64_t& out) {
  std::int64_t number = 0;
  if (value.get_int64().get(number) != simdjson::SUCCESS || number < 0 || number > max) {
    return bad(record, fmt::format("'{}' must be a whole number from 0 to {}", name, max));
  }
  out = number;
  return {};
}

base::Status read_record(od::object object, std::size_t index, Text& text, NewRecordView& record) {
  for (auto each : object) {
    std::string_view name;
    if (const auto code = each.unescaped_key().get(name)) return broken(code);
    od::value value;
    if (const auto code = each.value().get(value)) return broken(code);
    base::Status read;
    if (name == "key") {
      read = read_text(value, index, name, record.key);
    } else if (name == "value") {
      read = read_text(value, index, name, record.value);
    } else if (name == "keyBase64") {
      read = read_base64(value, index, name, text, record.key);
    } else if (name == "valueBase64") {
      read = read_base64(value, index, name, text, record.value);
    } else if (name == "partition") {
      std::int64_t partition = 0;
      read = read_integer(value, index, name, 1 << 20, partition);
      record.partition = static_cast<int>(partition);
    } else if (name == "timestampMs") {
      constexpr std::int64_t kYear9999 = 253'402'300'799'999;
      read = read_integer(value, index, name, kYear9999, record.timestamp_ms);
    } else {
      return bad(index, fmt::format(
                            "unknown field '{}'; possible are key, keyBase64, value, valueBase64, partition, "
                            "timestampMs",
                            name));
    }
    if (!read) return read;
  }
  return {};
}

base::Status read_records(od::value value, Text& text, std::vector<NewRecordView>& records) {
  od::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return bad(kNoRecord, "'records' must be an array");
  for (auto each : array) {
    od::object object;
    if (const auto code = each.get_object().get(object)) {
      if (code == simdjson::INCORRECT_TYPE) return bad(records.size(), "must be an object");
      return broken(code);
    }
    NewRecordView record;
    if (auto read = read_record(object, records.size(), text, record); !read) return read;
    records.push_back(record);
  }
  return {};
}

}  // namespace

base::Result<EventsBody> parse_json_events(std::string_view body) {
  auto text = std::make_shared<Text>(body);
  EventsBody out;
  bool has_topic = false, has_records = false;
  od::document document;
  if (const auto code = text->parser.iterate(text->json).get(document)) return broken(code);
  od::object object;
  if (const auto code = document.get_object().get(object)) {
    return code == simdjson::INCORRECT_TYPE
               ? bad(kNoRecord, "the body must be an object with topic and records")
               : broken(code);
  }
  for (auto each : object) {
    std::string_view name;
    if (const auto code = each.unescaped_key().get(name)) return broken(code);
    od::value value;
    if (const auto code = each.value().get(value)) return broken(code);
    if (name == "topic" && !has_topic) {
      std::string_view topic;
      if (value.get_string().get(topic) != simdjson::SUCCESS)
        return bad(kNoRecord, "'topic' must be a string");
      out.topic = topic;
      has_topic = true;
    } else if (name == "records" && !has_records) {
      if (auto read = read_records(value, *text, out.records); !read) return std::move(read).error();
      has_records = true;
    } else {
      return bad(
          kNoRecord,
          fmt::format("unknown or repeated field '{}'; possible are topic and records, once each", name));
    }
  }
  if (document.current_location().error() == simdjson::SUCCESS) {
    return bad(kNoRecord, "something follows the JSON document");
  }
  if (!has_topic || !has_records)
    return bad(kNoRecord, fmt::format("'{}' is missing", has_topic ? "records" : "topic"));
  out.owner = std::move(text);
  return out;
}

std::string offsets_json(const Appended& appended) {
  std::string out = R"({"offsets":[)";
  for (const auto& range : appended.ranges) {
    if (out.back() == '}') out += ',';
    fmt::format_to(std::back_inserter(out), R"({{"partition":{},"first":{},"count":{}}})", range.partition,
                   range.first, range.count);
  }
  return out + "]}";
}

std::string error_json(const base::Error& error) {
  json::Value out;
  out.set("code", error.code);
  out.set("message", error.message);
  if (!error.hint.empty()) out.set("hint", error.hint);
  return json::dump(out);
}

}  // namespace offtake::sources::embedded
