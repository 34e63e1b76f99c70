#include "operators/targets/protocol/control_json.h"

#include <charconv>

#include "base/json/value.h"

namespace offtake::targets::protocol {
namespace {

base::Error damaged(std::string_view what, std::string_view text) {
  return base::terminal("BadControlRow", fmt::format("the control row's {} cannot be read: {}", what, text))
      .with_hint("somebody else wrote to _offtake_control; refill the product");
}

std::optional<int> partition_from(std::string_view text) {
  int partition = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), partition);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return partition;
}

// Calls `take(dataset, partition, value)` for each leaf; false where the shape is another.
template <class Take>
bool walk(const json::Value& document, Take take) {
  if (!document.is_object()) return false;
  for (const auto& [dataset, partitions] : document.as_object()) {
    if (!partitions.is_object()) return false;
    for (const auto& [name, value] : partitions.as_object()) {
      const auto partition = partition_from(name);
      if (!partition || !take(dataset, *partition, value)) return false;
    }
  }
  return true;
}

}  // namespace

std::string offsets_text(const SourceOffsets& offsets) {
  json::Value out = json::Value::object();
  for (const auto& [dataset, partitions] : offsets) {
    json::Value inner = json::Value::object();
    for (const auto& [partition, offset] : partitions) inner.set(std::to_string(partition), offset);
    out.set(dataset, std::move(inner));
  }
  return json::dump(out);
}

base::Result<SourceOffsets> parse_offsets(std::string_view text) {
  if (text.empty()) return SourceOffsets{};
  auto document = json::parse(text);
  if (!document) return damaged("offsets", text);
  SourceOffsets out;
  const bool good = walk(*document, [&](const std::string& dataset, int partition, const json::Value& value) {
    if (!value.is_int()) return false;
    out[dataset][partition] = value.as_int();
    return true;
  });
  if (!good) return damaged("offsets", text);
  return out;
}

std::string stamps_text(const RecordStamps& stamps) {
  json::Value out = json::Value::object();
  for (const auto& [dataset, partitions] : stamps) {
    json::Value inner = json::Value::object();
    for (const auto& [partition, stamp] : partitions) {
      inner.set(std::to_string(partition),
                json::Array{stamp.offset, stamp.timestamp_ms, static_cast<std::int64_t>(stamp.crc)});
    }
    out.set(dataset, std::move(inner));
  }
  return json::dump(out);
}

base::Result<RecordStamps> parse_stamps(std::string_view text) {
  if (text.empty()) return RecordStamps{};
  auto document = json::parse(text);
  if (!document) return damaged("last records", text);
  RecordStamps out;
  const bool good = walk(*document, [&](const std::string& dataset, int partition, const json::Value& value) {
    if (!value.is_array() || value.as_array().size() != 3) return false;
    for (const auto& part : value.as_array()) {
      if (!part.is_int()) return false;
    }
    const auto& parts = value.as_array();
    out[dataset][partition] = {parts[0].as_int(), parts[1].as_int(),
                               static_cast<std::uint32_t>(parts[2].as_int())};
    return true;
  });
  if (!good) return damaged("last records", text);
  return out;
}

}  // namespace offtake::targets::protocol
