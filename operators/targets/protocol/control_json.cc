#include "operators/targets/control_json.h"

#include <charconv>

#include "operators/targets/protocol/control_json.h"

namespace offtake::targets {
namespace {

base::Error bad(std::string_view what) {
  return base::terminal("BadControlRow", fmt::format("cannot read {}", what));
}

base::Result<int> partition_from(const std::string& text) {
  int partition = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), partition);
  if (error != std::errc() || end != text.data() + text.size()) return bad("partition '" + text + "'");
  return partition;
}

// A map by dataset whose values `read` understands.
template <class T, class Read>
base::Result<std::map<std::string, T>> by_dataset(const json::Value& value, std::string_view what,
                                                  Read read) {
  std::map<std::string, T> out;
  if (value.is_null()) return out;
  if (!value.is_object()) return bad(what);
  for (const auto& [dataset, item] : value.as_object()) {
    auto inner = read(item);
    if (!inner) return std::move(inner).error();
    out[dataset] = *std::move(inner);
  }
  return out;
}

}  // namespace

json::Value to_json(const sources::OffsetVector& offsets) {
  json::Value out = json::Value::object();
  for (const auto& [partition, offset] : offsets) out.set(std::to_string(partition), offset);
  return out;
}

base::Result<sources::OffsetVector> offsets_from_json(const json::Value& value) {
  sources::OffsetVector out;
  if (value.is_null()) return out;
  if (!value.is_object()) return bad("offsets");
  for (const auto& [text, offset] : value.as_object()) {
    auto partition = partition_from(text);
    if (!partition) return std::move(partition).error();
    if (!offset.is_int()) return bad("the offset of partition " + text);
    out[*partition] = offset.as_int();
  }
  return out;
}

json::Value to_json(const SourceOffsets& offsets) {
  json::Value out = json::Value::object();
  for (const auto& [dataset, vector] : offsets) out.set(dataset, to_json(vector));
  return out;
}

base::Result<SourceOffsets> source_offsets_from_json(const json::Value& value) {
  return by_dataset<sources::OffsetVector>(value, "offsets", offsets_from_json);
}

json::Value to_json(const RecordStamps& stamps) {
  json::Value out = json::Value::object();
  for (const auto& [dataset, partitions] : stamps) {
    json::Value inner = json::Value::object();
    for (const auto& [partition, stamp] : partitions) {
      inner.set(std::to_string(partition),
                json::Array{stamp.offset, stamp.timestamp_ms, static_cast<std::int64_t>(stamp.crc)});
    }
    out.set(dataset, std::move(inner));
  }
  return out;
}

base::Result<RecordStamps> stamps_from_json(const json::Value& value) {
  using Stamps = std::map<int, RecordStamp>;
  return by_dataset<Stamps>(value, "last_records", [](const json::Value& item) -> base::Result<Stamps> {
    Stamps out;
    if (!item.is_object()) return bad("last_records");
    for (const auto& [text, stamp] : item.as_object()) {
      auto partition = partition_from(text);
      if (!partition) return std::move(partition).error();
      if (!stamp.is_array() || stamp.as_array().size() != 3) return bad("the stamp of partition " + text);
      const auto& parts = stamp.as_array();
      if (!parts[0].is_int() || !parts[1].is_int() || !parts[2].is_int()) return bad("a record stamp");
      out[*partition] = {parts[0].as_int(), parts[1].as_int(), static_cast<std::uint32_t>(parts[2].as_int())};
    }
    return out;
  });
}

}  // namespace offtake::targets

namespace offtake::targets::protocol {
namespace {

base::Error damaged(std::string_view what, std::string_view text, const base::Error& why) {
  return base::terminal("BadControlRow", fmt::format("the control row's {} cannot be read: {}", what, text))
      .with_detail(why.message)
      .with_hint("somebody else wrote to _offtake_control; refill the product");
}

// `read` understands the document; an empty text is the empty value.
template <class T, class Read>
base::Result<T> parse(std::string_view what, std::string_view text, Read read) {
  if (text.empty()) return T{};
  auto document = json::parse(text);
  if (!document) return damaged(what, text, document.error());
  auto value = read(*document);
  if (!value) return damaged(what, text, value.error());
  return value;
}

}  // namespace

std::string offsets_text(const SourceOffsets& offsets) {
  return json::dump(to_json(offsets));
}

base::Result<SourceOffsets> parse_offsets(std::string_view text) {
  return parse<SourceOffsets>("offsets", text, source_offsets_from_json);
}

std::string stamps_text(const RecordStamps& stamps) {
  return json::dump(to_json(stamps));
}

base::Result<RecordStamps> parse_stamps(std::string_view text) {
  return parse<RecordStamps>("last records", text, stamps_from_json);
}

}  // namespace offtake::targets::protocol
