#include "controlplane/store/resource_client.h"

#include "base/crypto/crypto.h"

namespace offtake::store {
namespace {

json::Value list_of(const std::vector<std::string>& texts) {
  json::Value out = json::Value::array();
  for (const std::string& text : texts) out.push_back(text);
  return out;
}

json::Value operation(std::string_view op, std::string_view path, json::Value value) {
  return json::Object{{"op", op}, {"path", path}, {"value", std::move(value)}};
}

base::Status write_finalizers(ResourceClient& client, const resources::Kind& kind,
                              const resources::ObjectMeta& metadata, const std::vector<std::string>& after) {
  json::Value patch = json::Value::array();
  patch.push_back(operation("test", "/metadata/uid", metadata.uid));
  const json::Value before = metadata.finalizers.empty() ? json::Value() : list_of(metadata.finalizers);
  patch.push_back(operation("test", "/metadata/finalizers", before));
  patch.push_back(operation("add", "/metadata/finalizers", list_of(after)));
  auto done = client.patch(kind, metadata.namespace_name, metadata.name, PatchType::kJson, patch);
  if (!done) return std::move(done).error();
  return {};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

base::Status add_finalizer(ResourceClient& client, const resources::Kind& kind,
                           const resources::ObjectMeta& metadata, std::string_view finalizer) {
  if (metadata.has_finalizer(finalizer)) return {};
  std::vector<std::string> after = metadata.finalizers;
  after.emplace_back(finalizer);
  return write_finalizers(client, kind, metadata, after);
}

base::Status remove_finalizer(ResourceClient& client, const resources::Kind& kind,
                              const resources::ObjectMeta& metadata, std::string_view finalizer) {
  if (!metadata.has_finalizer(finalizer)) return {};
  std::vector<std::string> after = metadata.finalizers;
  std::erase(after, finalizer);
  return write_finalizers(client, kind, metadata, after);
}

void record_event(ResourceClient& client, const resources::Kind& kind, const resources::ObjectMeta& metadata,
                  std::string_view type, std::string_view reason, std::string_view message,
                  std::string_view component, base::Micros now) {
  constexpr std::size_t kLongestMessage = 1024;
  resources::Event event;
  event.metadata.namespace_name =
      metadata.namespace_name.empty() ? std::string("default") : metadata.namespace_name;
  // The name says what the Event says, so that a repetition finds it.
  const std::string digest =
      crypto::sha256_hex(fmt::format("{}\n{}\n{}\n{}", metadata.uid, type, reason, message)).substr(0, 16);
  event.metadata.name = fmt::format("{}.{}", lower(metadata.name).substr(0, 200), digest);
  const resources::Instant instant{now - now % 1'000'000};
  auto present = get<resources::Event>(client, event.metadata.namespace_name, event.metadata.name);
  if (present) {
    event = *std::move(present);
    event.count += 1;
    event.last_time = instant;
    auto done = client.update(resources::to_json(event), {"offtake", false});
    return;
  }
  event.involved_object = {
      kind.api_version(),        kind.kind, metadata.namespace_name, metadata.name, metadata.uid,
      metadata.resource_version, ""};
  event.reason = std::string(reason);
  event.message = std::string(message.substr(0, kLongestMessage));
  event.type = std::string(type);
  event.source.component = std::string(component);
  event.first_time = instant;
  event.last_time = instant;
  auto done = client.create(resources::to_json(event), {"offtake", false});
}

}  // namespace offtake::store
