#include "controlplane/store/api_client.h"

#include "controlplane/store/api_watch.h"

namespace offtake::store {

using resources::Kind;

kubernetes::ResourceType resource_type(const Kind& kind) {
  return {kind.group, kind.version, kind.kind, kind.plural, kind.namespaced};
}

base::Result<const Kind*> kind_of_object(const json::Value& object) {
  const Kind* kind = resources::find_kind(object.string_or("apiVersion"), object.string_or("kind"));
  if (kind != nullptr) return kind;
  return base::terminal("BadRequest", fmt::format("there is no kind {} in {}", object.string_or("kind"),
                                                  object.string_or("apiVersion")));
}

base::Result<json::Value> ApiClient::get(const Kind& kind, std::string_view namespace_name,
                                         std::string_view name) {
  return api_->get(resource_type(kind), namespace_name, name);
}

base::Result<ObjectList> ApiClient::list(const Kind& kind, const ListOptions& options) {
  return api_->list(resource_type(kind), options);
}

base::Result<std::unique_ptr<Watch>> ApiClient::watch(const Kind& kind, std::string_view resource_version,
                                                      const ListOptions& options) {
  kubernetes::WatchOptions request;
  request.namespace_name = options.namespace_name;
  request.label_selector = options.label_selector;
  request.field_selector = options.field_selector;
  request.resource_version = std::string(resource_version);
  return open_watch(api_, resource_type(kind), std::move(request));
}

base::Result<Written> ApiClient::create(const json::Value& object, const WriteOptions& options) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  return api_->create(resource_type(**kind), object, options);
}

base::Result<Written> ApiClient::update(const json::Value& object, const WriteOptions& options) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  return api_->update(resource_type(**kind), object, options);
}

base::Result<Written> ApiClient::update_status(const json::Value& object, const WriteOptions& options) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  return api_->update_status(resource_type(**kind), object, options);
}

base::Error another_object(const json::Value& object, std::string_view stored_uid) {
  const json::Value& metadata = object["metadata"];
  return base::terminal("Conflict", fmt::format("{} {} is another object by now: its uid is {}, not {}",
                                                object.string_or("kind"), metadata.string_or("name"),
                                                stored_uid, metadata.string_or("uid")));
}

bool is_bound_to_uid(const json::Value& object, const ApplyOptions& options) {
  const json::Value& metadata = object["metadata"];
  return options.status && !metadata.string_or("uid").empty() &&
         metadata.string_or("resourceVersion").empty();
}

base::Result<Written> ApiClient::apply(const json::Value& object, const ApplyOptions& options) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  const kubernetes::ResourceType type = resource_type(**kind);
  if (!is_bound_to_uid(object, options)) return api_->apply(type, object, options);
  const json::Value& metadata = object["metadata"];
  constexpr int kMostTries = 8;
  for (int tried = 1;; ++tried) {
    auto present = api_->get(type, metadata.string_or("namespace"), metadata.string_or("name"));
    if (!present) return std::move(present).error();
    const json::Value& stored = (*present)["metadata"];
    if (stored.string_or("uid") != metadata.string_or("uid")) {
      return another_object(object, stored.string_or("uid"));
    }
    json::Value body = object;
    body.get_or_add("metadata").set("resourceVersion", stored["resourceVersion"]);
    auto written = api_->apply(type, body, options);
    if (written) return written;
    const bool overtaken = written.error().code == "Conflict" && written.error().causes.empty();
    if (!overtaken || tried == kMostTries) return written;
  }
}

base::Result<Written> ApiClient::patch(const Kind& kind, std::string_view namespace_name,
                                       std::string_view name, PatchType type, const json::Value& patch,
                                       const PatchOptions& options) {
  return api_->patch(resource_type(kind), namespace_name, name, type, patch, options);
}

base::Result<Deleted> ApiClient::remove(const Kind& kind, std::string_view namespace_name,
                                        std::string_view name, const DeleteOptions& options) {
  return api_->remove(resource_type(kind), namespace_name, name, options);
}

}  // namespace offtake::store
