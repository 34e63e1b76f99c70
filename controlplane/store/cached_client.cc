#include "controlplane/store/cached_client.h"

#include <condition_variable>
#include <deque>

namespace offtake::store {
namespace {

using resources::Kind;

// What an informer tells, kept until it is taken.
class InformerWatch : public Watch {
 public:
  explicit InformerWatch(kubernetes::Informer& informer, std::string namespace_name)
      : informer_(informer), namespace_name_(std::move(namespace_name)) {
    listener_ = informer_.add([this](const WatchEvent& event) {
      if (!namespace_name_.empty() && event.object["metadata"].string_or("namespace") != namespace_name_)
        return;
      const std::lock_guard lock(mutex_);
      queue_.push_back(event);
      wake_.notify_all();
    });
  }
  ~InformerWatch() override { informer_.remove(listener_); }

  base::Result<std::optional<WatchEvent>> next(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, timeout, [&] { return !queue_.empty() || closed_; });
    if (queue_.empty()) return std::optional<WatchEvent>();
    WatchEvent event = std::move(queue_.front());
    queue_.pop_front();
    return std::optional(std::move(event));
  }
  void close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_.notify_all();
  }
  std::string position() const override { return informer_.resource_version(); }

 private:
  kubernetes::Informer& informer_;
  const std::string namespace_name_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<WatchEvent> queue_;
  bool closed_ = false;
  int listener_ = 0;
};

base::Error not_found(const Kind& kind, std::string_view namespace_name, std::string_view name) {
  return base::terminal("NotFound", kind.namespaced
                                        ? fmt::format("{} {}/{} not found", kind.kind, namespace_name, name)
                                        : fmt::format("{} {} not found", kind.kind, name));
}

}  // namespace

void CachedClient::keep(const Kind& kind, std::string namespace_name) {
  kubernetes::InformerOptions options;
  options.type = resource_type(kind);
  options.namespace_name = std::move(namespace_name);
  informers_[&kind] = std::make_unique<kubernetes::Informer>(api(), std::move(options));
}

void CachedClient::start() {
  for (auto& [kind, informer] : informers_) informer->start();
}

bool CachedClient::wait_synced(std::stop_token stop) {
  for (auto& [kind, informer] : informers_) {
    while (!informer->wait_synced(std::chrono::seconds(1), stop)) {
      if (stop.stop_requested()) return false;
    }
  }
  return true;
}

void CachedClient::stop() {
  for (auto& [kind, informer] : informers_) informer->stop();
}

std::vector<base::Error> CachedClient::troubles() const {
  std::vector<base::Error> out;
  for (const auto& [kind, informer] : informers_) {
    if (auto trouble = informer->trouble()) out.push_back(*std::move(trouble));
  }
  return out;
}

const kubernetes::Informer* CachedClient::informer(const Kind& kind) const {
  const auto found = informers_.find(&kind);
  return found == informers_.end() ? nullptr : found->second.get();
}

kubernetes::Informer* CachedClient::kept(const Kind& kind, std::string_view namespace_name) const {
  const auto found = informers_.find(&kind);
  if (found == informers_.end() || !found->second->synced()) return nullptr;
  const std::string& only = found->second->options().namespace_name;
  return only.empty() || only == namespace_name ? found->second.get() : nullptr;
}

base::Result<json::Value> CachedClient::get(const Kind& kind, std::string_view namespace_name,
                                            std::string_view name) {
  const auto* informer = kept(kind, namespace_name);
  if (informer == nullptr) return ApiClient::get(kind, namespace_name, name);
  auto found = informer->get(kind.namespaced ? namespace_name : "", name);
  if (!found) return not_found(kind, namespace_name, name);
  return *std::move(found);
}

base::Result<json::Value> CachedClient::get_current(const Kind& kind, std::string_view namespace_name,
                                                    std::string_view name) {
  return ApiClient::get(kind, namespace_name, name);
}

base::Result<ObjectList> CachedClient::list(const Kind& kind, const ListOptions& options) {
  const auto* informer = kept(kind, options.namespace_name);
  const bool plain = options.label_selector.empty() && options.field_selector.empty() && options.limit == 0;
  if (informer == nullptr || !plain) return ApiClient::list(kind, options);
  ObjectList out;
  out.resource_version = informer->resource_version();
  out.items = informer->list(options.namespace_name);
  return out;
}

base::Result<std::unique_ptr<Watch>> CachedClient::watch(const Kind& kind, std::string_view resource_version,
                                                         const ListOptions& options) {
  const auto found = informers_.find(&kind);
  const bool plain =
      resource_version.empty() && options.label_selector.empty() && options.field_selector.empty();
  if (found == informers_.end() || !plain) return ApiClient::watch(kind, resource_version, options);
  return std::make_unique<InformerWatch>(*found->second, options.namespace_name);
}

base::Result<Written> CachedClient::noted(base::Result<Written> written) {
  if (!written) return written;
  const json::Value& object = written->object;
  const Kind* kind = resources::find_kind(object.string_or("apiVersion"), object.string_or("kind"));
  if (kind == nullptr) return written;
  const std::string space = object["metadata"].string_or("namespace");
  auto* informer = kept(*kind, space);
  if (informer == nullptr) return written;
  if (const auto known = informer->get(space, object["metadata"].string_or("name"))) {
    written->changed =
        (*known)["metadata"].string_or("resourceVersion") != object["metadata"].string_or("resourceVersion");
  }
  informer->put(object);
  return written;
}

base::Result<Written> CachedClient::create(const json::Value& object, const WriteOptions& options) {
  return options.dry_run ? ApiClient::create(object, options) : noted(ApiClient::create(object, options));
}

base::Result<Written> CachedClient::update(const json::Value& object, const WriteOptions& options) {
  return options.dry_run ? ApiClient::update(object, options) : noted(ApiClient::update(object, options));
}

base::Result<Written> CachedClient::update_status(const json::Value& object, const WriteOptions& options) {
  return options.dry_run ? ApiClient::update_status(object, options)
                         : noted(ApiClient::update_status(object, options));
}

base::Result<Written> CachedClient::apply(const json::Value& object, const ApplyOptions& options) {
  if (options.dry_run) return ApiClient::apply(object, options);
  if (!is_bound_to_uid(object, options)) return noted(ApiClient::apply(object, options));
  // The version known here is most often the present one: no need to ask for it.
  const json::Value& metadata = object["metadata"];
  const Kind* kind = resources::find_kind(object.string_or("apiVersion"), object.string_or("kind"));
  const std::string space = metadata.string_or("namespace");
  const auto* informer = kind == nullptr ? nullptr : kept(*kind, space);
  const auto known = informer == nullptr ? std::nullopt : informer->get(space, metadata.string_or("name"));
  if (known && (*known)["metadata"].string_or("uid") == metadata.string_or("uid")) {
    json::Value body = object;
    body.get_or_add("metadata").set("resourceVersion", (*known)["metadata"]["resourceVersion"]);
    auto written = noted(ApiClient::apply(body, options));
    const bool overtaken = !written && written.error().code == "Conflict" && written.error().causes.empty();
    if (!overtaken) return written;
  }
  return noted(ApiClient::apply(object, options));
}

base::Result<Written> CachedClient::patch(const Kind& kind, std::string_view namespace_name,
                                          std::string_view name, PatchType type, const json::Value& patch,
                                          const PatchOptions& options) {
  auto written = ApiClient::patch(kind, namespace_name, name, type, patch, options);
  return options.dry_run ? std::move(written) : noted(std::move(written));
}

}  // namespace offtake::store
