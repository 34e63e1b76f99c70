// The length-prefixed form of events.
#include "operators/sources/embedded/events_body.h"
#include "operators/sources/embedded/keys.h"

namespace offtake::sources::embedded {
namespace {

constexpr std::size_t kHeaderBytes = 20;

base::Error cut_off(std::size_t index) {
  return base::terminal("BadEvents", fmt::format("record {} is cut off", index))
      .with_hint("each record is i32 partition, i64 timestamp, i32 key bytes, i32 value bytes, key, value");
}

// Takes `size` bytes off `rest`; -1 is none.
bool take(std::string_view& rest, std::int32_t size, std::optional<std::string_view>& out) {
  if (size == -1) return true;
  if (size < 0 || static_cast<std::size_t>(size) > rest.size()) return false;
  out = rest.substr(0, static_cast<std::size_t>(size));
  rest.remove_prefix(static_cast<std::size_t>(size));
  return true;
}

}  // namespace

base::Result<EventsBody> parse_binary_events(std::string_view topic, std::string_view body) {
  if (topic.empty()) {
    return base::terminal("BadEvents", "the topic is missing").with_hint("give it as ?topic=NAME");
  }
  EventsBody out;
  out.topic = topic;
  while (!body.empty()) {
    if (body.size() < kHeaderBytes) return cut_off(out.records.size());
    NewRecordView record;
    record.partition = static_cast<std::int32_t>(get_u32(body));
    record.timestamp_ms = static_cast<std::int64_t>(get_u64(body.substr(4, 8)));
    const auto key_bytes = static_cast<std::int32_t>(get_u32(body.substr(12, 4)));
    const auto value_bytes = static_cast<std::int32_t>(get_u32(body.substr(16, 4)));
    body.remove_prefix(kHeaderBytes);
    if (!take(body, key_bytes, record.key) || !take(body, value_bytes, record.value)) {
      return cut_off(out.records.size());
    }
    out.records.push_back(record);
  }
  return out;
}

void append_binary_record(std::string& out, const NewRecordView& record) {
  constexpr std::uint32_t kNone = 0xffffffff;
  put_u32(out, static_cast<std::uint32_t>(record.partition));
  put_u64(out, static_cast<std::uint64_t>(record.timestamp_ms));
  put_u32(out, record.key ? static_cast<std::uint32_t>(record.key->size()) : kNone);
  put_u32(out, record.value ? static_cast<std::uint32_t>(record.value->size()) : kNone);
  if (record.key) out.append(*record.key);
  if (record.value) out.append(*record.value);
}

}  // namespace offtake::sources::embedded
