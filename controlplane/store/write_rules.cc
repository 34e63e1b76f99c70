#include "controlplane/store/write_rules.h"

#include "base/crypto/crypto.h"
#include "controlplane/resources/validate.h"

namespace offtake::store {
namespace {

constexpr std::array<std::string_view, 8> kSystemFields{"uid",
                                                        "resourceVersion",
                                                        "generation",
                                                        "creationTimestamp",
                                                        "deletionTimestamp",
                                                        "deletionGracePeriodSeconds",
                                                        "managedFields",
                                                        "selfLink"};

constexpr std::array<std::string_view, 13> kMetadataOrder{"name",
                                                          "generateName",
                                                          "namespace",
                                                          "uid",
                                                          "resourceVersion",
                                                          "generation",
                                                          "creationTimestamp",
                                                          "deletionTimestamp",
                                                          "deletionGracePeriodSeconds",
                                                          "labels",
                                                          "annotations",
                                                          "ownerReferences",
                                                          "finalizers"};

void order_members(json::Value& object, std::span<const std::string_view> order) {
  const auto rank = [&](const json::Member& member) {
    return std::find(order.begin(), order.end(), member.first) - order.begin();
  };
  std::stable_sort(object.as_object().begin(), object.as_object().end(),
                   [&](const json::Member& a, const json::Member& b) { return rank(a) < rank(b); });
}

std::string resource_name(const resources::Kind& kind) {
  return kind.group.empty() ? kind.plural : kind.plural + "." + kind.group;
}

base::Error invalid_field(const resources::Kind& kind, std::string_view name, std::string_view field,
                          std::string message) {
  base::Error cause = base::terminal("BadValue", std::move(message));
  cause.location.field = std::string(field);
  return resources::invalid(kind, "", name, {std::move(cause)});
}

json::Value comparable(const json::Value& object) {
  json::Value out = object;
  json::Value* metadata = out.find("metadata");
  if (metadata == nullptr) return out;
  metadata->erase("resourceVersion");
  json::Value* managed = metadata->find("managedFields");
  if (managed != nullptr && managed->is_array()) {
    for (json::Value& item : managed->as_array()) item.erase("time");
  }
  return out;
}

}  // namespace

std::string namespace_of(const json::Value& object) {
  return object["metadata"].string_or("namespace");
}
std::string name_of(const json::Value& object) {
  return object["metadata"].string_or("name");
}
std::string uid_of(const json::Value& object) {
  return object["metadata"].string_or("uid");
}
std::string version_of(const json::Value& object) {
  return object["metadata"].string_or("resourceVersion");
}
bool is_deleting(const json::Value& object) {
  return !object["metadata"].string_or("deletionTimestamp").empty();
}
bool has_finalizers(const json::Value& object) {
  const json::Value& finalizers = object.at({"metadata", "finalizers"});
  return finalizers.is_array() && !finalizers.as_array().empty();
}

json::Value without_nulls(json::Value value) {
  if (value.is_object()) {
    std::erase_if(value.as_object(), [](const json::Member& member) { return member.second.is_null(); });
    for (json::Member& member : value.as_object()) member.second = without_nulls(std::move(member.second));
  } else if (value.is_array()) {
    for (json::Value& item : value.as_array()) item = without_nulls(std::move(item));
  }
  return value;
}

void drop_empty_metadata(json::Value& object) {
  json::Value* metadata = object.find("metadata");
  if (metadata == nullptr || !metadata->is_object()) return;
  for (const char* name : {"labels", "annotations", "finalizers", "ownerReferences"}) {
    const json::Value& value = (*metadata)[name];
    const bool empty =
        (value.is_object() && value.as_object().empty()) || (value.is_array() && value.as_array().empty());
    if (empty) metadata->erase(name);
  }
}

void drop_system_fields(json::Value& object) {
  json::Value* metadata = object.find("metadata");
  if (metadata == nullptr) return;
  for (const std::string_view field : kSystemFields) metadata->erase(field);
}

void carry_system_fields(const json::Value& before, json::Value& object) {
  drop_system_fields(object);
  const json::Value& from = before["metadata"];
  json::Value& to = object.get_or_add("metadata");
  to.set("name", from["name"]);
  if (const json::Value* space = from.find("namespace"); space != nullptr) to.set("namespace", *space);
  for (const std::string_view field : kSystemFields) {
    if (const json::Value* value = from.find(field); value != nullptr) to.set(field, *value);
  }
}

void put_in_order(json::Value& object) {
  static constexpr std::array<std::string_view, 3> kFirst{"apiVersion", "kind", "metadata"};
  order_members(object, kFirst);
  if (json::Value* metadata = object.find("metadata"); metadata != nullptr && metadata->is_object()) {
    order_members(*metadata, kMetadataOrder);
  }
}

void fold_string_data(const resources::Kind& kind, json::Value& object) {
  if (&kind != &resources::kind_of<resources::Secret>()) return;
  const json::Value* plain = object.find("stringData");
  if (plain == nullptr || !plain->is_object()) return;
  for (const auto& [key, value] : plain->as_object()) {
    // What is no text stays, so that checking refuses it.
    if (!value.is_string()) return;
  }
  const json::Value copy = *plain;
  object.erase("stringData");
  json::Value& data = object.get_or_add("data");
  for (const auto& [key, value] : copy.as_object()) data.set(key, crypto::base64(value.as_string()));
}

bool says_the_same(const json::Value& a, const json::Value& b) {
  return comparable(a) == comparable(b);
}

bool spec_differs(const json::Value& a, const json::Value& b) {
  const auto rest = [](json::Value object) {
    object.erase("metadata");
    object.erase("status");
    return object;
  };
  return !(rest(a) == rest(b));
}

base::Error not_found(const resources::Kind& kind, std::string_view name) {
  return base::terminal("NotFound", fmt::format("{} \"{}\" not found", resource_name(kind), name));
}

base::Error already_exists(const resources::Kind& kind, std::string_view name) {
  return base::terminal("AlreadyExists", fmt::format("{} \"{}\" already exists", resource_name(kind), name));
}

base::Error version_conflict(const resources::Kind& kind, std::string_view name) {
  return base::terminal(
      "Conflict", fmt::format("Operation cannot be fulfilled on {} \"{}\": the object has been modified; "
                              "please apply your changes to the latest version and try again",
                              resource_name(kind), name));
}

base::Error uid_fixed(const resources::Kind& kind, std::string_view name, std::string_view wanted) {
  return invalid_field(kind, name, "metadata.uid", fmt::format("cannot become {}", wanted));
}

base::Error version_required(const resources::Kind& kind, std::string_view name) {
  return invalid_field(kind, name, "metadata.resourceVersion", "must be given for an update");
}

base::Error uid_conflict(const resources::Kind& kind, std::string_view name, std::string_view wanted,
                         std::string_view present) {
  return base::terminal("Conflict",
                        fmt::format("Operation cannot be fulfilled on {} \"{}\": Precondition failed: UID in "
                                    "precondition: {}, UID in object meta: {}",
                                    resource_name(kind), name, wanted, present));
}

}  // namespace offtake::store
