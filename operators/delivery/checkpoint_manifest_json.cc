#include "base/crypto/crypto.h"
#include "base/json/value.h"
#include "operators/delivery/checkpoint_manifest.h"
#include "operators/targets/control_json.h"

namespace offtake::delivery {
namespace {

constexpr int kManifestFormat = 1;

// The document, and on a line of its own its checksum.
std::string sealed(const json::Value& document) {
  std::string text = json::dump_canonical(document);
  return fmt::format("{}\n{:08x}\n", text, crypto::crc32c(text));
}

base::Result<json::Value> unsealed(std::string_view text) {
  const auto damaged = [](std::string_view what) {
    return base::terminal("CheckpointDamaged", std::string(what));
  };
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return damaged("it is cut short");
  const std::string_view document = text.substr(0, end);
  if (text.substr(end + 1) != fmt::format("{:08x}\n", crypto::crc32c(document))) {
    return damaged("its checksum is wrong");
  }
  return json::parse(document);
}

std::string hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}
std::uint64_t from_hex(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 16);
}

base::Status read(const json::Value& value, CheckpointManifest& out) {
  if (value.int_or("format") != kManifestFormat) {
    return base::terminal("CheckpointDamaged", fmt::format("it has format {}, this version reads {}",
                                                           value.int_or("format"), kManifestFormat));
  }
  out.state_format = static_cast<int>(value.int_or("stateFormat"));
  out.product_uid = value.string_or("productUid");
  out.revision = static_cast<int>(value.int_or("revision"));
  out.fingerprint = value.string_or("fingerprint");
  out.incarnation = value.int_or("incarnation");
  out.owner = value.string_or("owner");
  out.epoch = value.int_or("epoch");
  auto offsets = targets::source_offsets_from_json(value["offsets"]);
  if (!offsets) return std::move(offsets).error();
  out.offsets = *std::move(offsets);
  out.logical_time = value.int_or("logicalTime");
  out.content.rows = value.int_or("rows");
  out.content.sum = from_hex(value.string_or("checksum"));
  out.written_at = value.int_or("writtenAt");
  out.state_bytes = static_cast<std::uint64_t>(value["state"].int_or("bytes"));
  out.state_crc = static_cast<std::uint32_t>(value["state"].int_or("crc"));
  return {};
}

}  // namespace

std::string manifest_text(const CheckpointManifest& manifest) {
  json::Value out = json::Value::object();
  out.set("format", kManifestFormat);
  out.set("stateFormat", manifest.state_format);
  out.set("productUid", manifest.product_uid);
  out.set("revision", manifest.revision);
  out.set("fingerprint", manifest.fingerprint);
  out.set("incarnation", manifest.incarnation);
  out.set("owner", manifest.owner);
  out.set("epoch", manifest.epoch);
  out.set("offsets", targets::to_json(manifest.offsets));
  out.set("logicalTime", manifest.logical_time);
  out.set("rows", manifest.content.rows);
  out.set("checksum", hex(manifest.content.sum));
  out.set("writtenAt", manifest.written_at);
  json::Value state = json::Value::object();
  state.set("bytes", static_cast<std::int64_t>(manifest.state_bytes));
  state.set("crc", static_cast<std::int64_t>(manifest.state_crc));
  out.set("state", std::move(state));
  return sealed(out);
}

CheckpointManifest parse_manifest(std::string name, std::string_view text) {
  CheckpointManifest out;
  auto value = unsealed(text);
  auto done = value ? read(*value, out) : base::Status(std::move(value).error());
  if (!done) {
    out = {};
    out.damage = "its manifest: " + done.error().message;
  }
  out.name = std::move(name);
  return out;
}

std::string owners_text(const std::vector<OwnerChange>& history) {
  json::Value changes = json::Value::array();
  for (const OwnerChange& change : history) {
    json::Value one = json::Value::object();
    one.set("owner", change.owner);
    one.set("previous", change.previous);
    one.set("epoch", change.epoch);
    changes.push_back(std::move(one));
  }
  json::Value out = json::Value::object();
  out.set("changes", std::move(changes));
  return sealed(out);
}

std::vector<OwnerChange> parse_owners(std::string_view text) {
  std::vector<OwnerChange> out;
  const auto value = unsealed(text);
  if (!value || !(*value)["changes"].is_array()) return out;
  for (const auto& change : (*value)["changes"].as_array()) {
    out.push_back({change.string_or("owner"), change.string_or("previous"), change.int_or("epoch")});
  }
  return out;
}

}  // namespace offtake::delivery
