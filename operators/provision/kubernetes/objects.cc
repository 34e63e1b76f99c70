#include "operators/provision/kubernetes/objects.h"

#include "base/crypto/crypto.h"

namespace offtake::provision::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr auto kAskAgain = 2s;  // about a type that the cluster did not know

base::Error kind_missing(const std::string& api_version, const std::string& kind) {
  const auto slash = api_version.find('/');
  const std::string group = slash == std::string::npos ? "" : api_version.substr(0, slash);
  base::Error error =
      base::waiting("KindMissing", fmt::format("the cluster does not know {} of {}", kind, api_version));
  if (group.empty()) return std::move(error).with_hint("correct the template's apiVersion and kind");
  return std::move(error).with_hint(
      fmt::format("install what brings the CustomResourceDefinition of {} in the group {}; it is waited for",
                  kind, group));
}

base::Error in_words(base::Error error, const std::string& namespace_name) {
  if (error.code != "Forbidden") return error;
  return std::move(error).with_hint(fmt::format(
      "the operator's service account needs a Role in namespace {} that allows it", namespace_name));
}

}  // namespace

json::Value with_digest(json::Value object) {
  const std::string digest = crypto::sha256_hex(json::dump_canonical(object)).substr(0, 32);
  object.get_or_add("metadata").get_or_add("annotations").set(kManifestAnnotation, digest);
  return object;
}

bool same_digest(const json::Value& wanted, const json::Value& live) {
  const auto digest = [](const json::Value& object) {
    return object.at({"metadata", "annotations"}).string_or(kManifestAnnotation);
  };
  return !digest(live).empty() && digest(wanted) == digest(live);
}

base::Result<Type> Objects::type_of(const std::string& api_version, const std::string& kind) {
  const std::string key = api_version + " " + kind;
  {
    std::lock_guard lock(mutex_);
    if (const auto known = types_.find(key); known != types_.end()) return known->second;
    const auto missing = missing_.find(key);
    if (missing != missing_.end() && Clock::now() - missing->second < kAskAgain)
      return kind_missing(api_version, kind);
  }
  auto found = discover(api_version, kind);
  std::lock_guard lock(mutex_);
  if (found) {
    types_[key] = *found;
  } else if (found.error().code == "KindMissing") {
    missing_[key] = Clock::now();
  }
  return found;
}

base::Result<Type> Objects::discover(const std::string& api_version, const std::string& kind) {
  const auto slash = api_version.find('/');
  Type type;
  type.group = slash == std::string::npos ? "" : api_version.substr(0, slash);
  type.version = slash == std::string::npos ? api_version : api_version.substr(slash + 1);
  type.kind = kind;
  http::ClientRequest request;
  request.path = (type.group.empty() ? "/api/" : "/apis/") + api_version;
  auto listed = api_->call(std::move(request));
  if (!listed && (listed.error().code == "PathMissing" || listed.error().code == "NotFound"))
    return kind_missing(api_version, kind);
  if (!listed) return std::move(listed).error();
  const json::Value& resources = (*listed)["resources"];
  if (!resources.is_array()) return kind_missing(api_version, kind);
  for (const json::Value& each : resources.as_array()) {
    const std::string plural = each.string_or("name");
    if (each.string_or("kind") != kind || plural.find('/') != std::string::npos) continue;
    if (!each.bool_or("namespaced")) {
      return base::terminal("ClusterScoped", fmt::format("{} of {} lives in no namespace", kind, api_version))
          .with_hint("a product's objects are those of the operator's namespace; make it beside the class");
    }
    type.plural = plural;
    return type;
  }
  return kind_missing(api_version, kind);
}

base::Result<json::Value> Objects::find(const Type& type, std::string_view name) {
  auto found = api_->get(type, namespace_, name);
  if (found) return found;
  if (found.error().code == "NotFound" || found.error().code == "KindMissing") return json::Value();
  return in_words(std::move(found).error(), namespace_);
}

base::Result<json::Value> Objects::keep(const Type& type, const json::Value& wanted, const json::Value& live,
                                        bool anew) {
  if (same_digest(wanted, live)) return live;
  if (anew && live.is_null()) {
    auto created = api_->create(type, wanted);
    if (!created) return in_words(std::move(created).error(), namespace_);
    return std::move(created->object);
  }
  offtake::kubernetes::ApplyOptions options;
  options.force = true;
  auto applied = api_->apply(type, wanted, options);
  if (!applied) return in_words(std::move(applied).error(), namespace_);
  return std::move(applied->object);
}

base::Status Objects::annotate(const Type& type, const json::Value& live, std::string_view name,
                               std::string_view value) {
  const json::Value& metadata = live["metadata"];
  if (metadata["annotations"].string_or(name) == value) return {};
  json::Value annotations = json::Value::object();
  annotations.set(name, value);
  const json::Value patch = json::Object{
      {"metadata", json::Object{{"uid", metadata["uid"]}, {"annotations", std::move(annotations)}}}};
  auto patched = api_->patch(type, namespace_, metadata.string_or("name"),
                             offtake::kubernetes::PatchType::kMerge, patch);
  return patched ? base::Status() : base::Status(in_words(std::move(patched).error(), namespace_));
}

base::Status Objects::remove(const Type& type, const json::Value& live) {
  const json::Value& metadata = live["metadata"];
  if (metadata.find("deletionTimestamp") != nullptr) return {};
  offtake::kubernetes::DeleteOptions options;
  options.uid = metadata.string_or("uid");
  auto removed = api_->remove(type, namespace_, metadata.string_or("name"), options);
  if (removed || removed.error().code == "NotFound") return {};
  return in_words(std::move(removed).error(), namespace_);
}

base::Result<std::vector<json::Value>> Objects::selected(const Type& type, std::string selector) {
  offtake::kubernetes::ListOptions options;
  options.namespace_name = namespace_;
  options.label_selector = std::move(selector);
  auto found = api_->list(type, options);
  if (!found) return in_words(std::move(found).error(), namespace_);
  return std::move(found->items);
}

}  // namespace offtake::provision::kubernetes
