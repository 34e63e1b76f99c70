#include "base/crypto/crypto.h"
#include "controlplane/resources/tables.h"

namespace offtake::resources {

std::optional<std::string> Secret::value(std::string_view key) const {
  if (const auto plain = string_data.find(std::string(key)); plain != string_data.end()) return plain->second;
  const auto it = data.find(std::string(key));
  if (it == data.end()) return std::nullopt;
  auto decoded = crypto::base64_decode(it->second);
  if (!decoded) return std::nullopt;
  return *std::move(decoded);
}

void Secret::set(std::string_view key, std::string_view plain) {
  data[std::string(key)] = crypto::base64(plain);
}

// What a Namespace says beside its name.
struct NamespaceStatus {
  std::string phase;
};

template <>
const ObjectType& table<NamespaceStatus>() {
  static const ObjectType type =
      Table<NamespaceStatus>("NamespaceStatus", "Whether it is being emptied")
          .field("phase", &NamespaceStatus::phase, "Active or Terminating", one_of({"Active", "Terminating"}))
          .plain("conditions", FieldKind::kAny, "Of other clients; not looked at")
          .done();
  return type;
}

template <>
const ObjectType& table<Namespace>() {
  static const ObjectType type =
      root_table<Namespace>("Namespace", "A room for the datasets and products of one team")
          .plain("spec", FieldKind::kAny, "Of other clients; not looked at")
          .plain("status", FieldKind::kObject, "Whether it is being emptied",
                 [](Field& f) {
                   f.object = &table<NamespaceStatus>();
                   f.read = [](void* object, const json::Value& value) {
                     static_cast<Namespace*>(object)->phase = value.string_or("phase");
                   };
                   f.write = [](const void* object) {
                     const std::string& phase = static_cast<const Namespace*>(object)->phase;
                     return phase.empty() ? json::Value() : json::Value(json::Object{{"phase", phase}});
                   };
                 })
          .done();
  return type;
}

template <>
const ObjectType& table<Secret>() {
  static const ObjectType type =
      root_table<Secret>("Secret", "Credentials; kept encrypted")
          .field("type", &Secret::type, "What the keys are for", default_to("Opaque"), immutable(),
                 at_most(253))
          .field("data", &Secret::data, "Values in base64", at_most(256), keys_like(kSecretKey),
                 each(like(kBase64)), each(at_most(1400 << 10)))
          .field("stringData", &Secret::string_data, "Values as plain text; only for writing", at_most(256),
                 keys_like(kSecretKey), each(at_most(1 << 20)))
          .field("immutable", &Secret::immutable, "Whether data can no longer change")
          .done();
  return type;
}

template <>
const ObjectType& table<ObjectReference>() {
  static const ObjectType type =
      Table<ObjectReference>("ObjectReference", "An object")
          .field("apiVersion", &ObjectReference::api_version, "Its group and version", at_most(253))
          .field("kind", &ObjectReference::kind, "Its kind", at_most(63))
          .field("namespace", &ObjectReference::namespace_name, "Its namespace", at_most(63))
          .field("name", &ObjectReference::name, "Its name", at_most(253))
          .field("uid", &ObjectReference::uid, "Its uid", at_most(64))
          .field("resourceVersion", &ObjectReference::resource_version, "Its version", at_most(32))
          .field("fieldPath", &ObjectReference::field_path, "A part of it", at_most(1024))
          .done();
  return type;
}

template <>
const ObjectType& table<EventSource>() {
  static const ObjectType type =
      Table<EventSource>("EventSource", "Who tells")
          .field("component", &EventSource::component, "The component", at_most(253))
          .field("host", &EventSource::host, "The machine", at_most(253))
          .done();
  return type;
}

template <>
const ObjectType& table<Event>() {
  static const ObjectType type =
      root_table<Event>("Event", "Something that happened to an object; kept for an hour")
          .field("involvedObject", &Event::involved_object, "The object", required())
          .field("reason", &Event::reason, "What happened, as one word", at_most(128))
          .field("message", &Event::message, "What happened, as a sentence", at_most(4096))
          .field("type", &Event::type, "Normal or Warning", at_most(32))
          .field("source", &Event::source, "Who tells")
          .field("firstTimestamp", &Event::first_time, "When first")
          .field("lastTimestamp", &Event::last_time, "When last")
          .field("count", &Event::count, "How often")
          .plain("eventTime", FieldKind::kAny, "Of newer clients; kept")
          .plain("series", FieldKind::kAny, "Of newer clients; kept")
          .plain("action", FieldKind::kString, "Of newer clients; kept")
          .plain("related", FieldKind::kAny, "Of newer clients; kept")
          .plain("reportingComponent", FieldKind::kString, "Of newer clients; kept")
          .plain("reportingInstance", FieldKind::kString, "Of newer clients; kept")
          .done();
  return type;
}

template <>
const Kind& kind_of<Namespace>() {
  static const Kind kind{"",
                         "v1",
                         "Namespace",
                         "namespaces",
                         "namespace",
                         {"ns"},
                         {},
                         false,
                         true,
                         table<Namespace>().doc,
                         {{"Status", "string", ".status.phase", 0, "Active or Terminating"}, age_column()},
                         &table<Namespace>(),
                         &kNamespaceName};
  return kind;
}

template <>
const Kind& kind_of<Secret>() {
  static const Kind kind{"",
                         "v1",
                         "Secret",
                         "secrets",
                         "secret",
                         {},
                         {},
                         true,
                         false,
                         table<Secret>().doc,
                         {{"Type", "string", ".type", 0, "What the keys are for"},
                          {"Data", "integer", ".data#", 0, "How many keys it has"},
                          age_column()},
                         &table<Secret>(),
                         &kSubdomainName};
  return kind;
}

template <>
const Kind& kind_of<Event>() {
  static const Kind kind{"",
                         "v1",
                         "Event",
                         "events",
                         "event",
                         {"ev"},
                         {},
                         true,
                         false,
                         table<Event>().doc,
                         {{"Last Seen", "date", ".lastTimestamp", 0, "When it last happened"},
                          {"Type", "string", ".type", 0, "Normal or Warning"},
                          {"Reason", "string", ".reason", 0, "What happened, as one word"},
                          {"Object", "string", ".involvedObject", 0, "The object"},
                          {"Message", "string", ".message", 0, "What happened, as a sentence"}},
                         &table<Event>(),
                         &kSubdomainName};
  return kind;
}

}  // namespace offtake::resources
