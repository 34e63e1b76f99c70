#include "controlplane/store/embedded_store.h"

#include "base/crypto/crypto.h"
#include "base/id.h"
#include "controlplane/store/embedded_watch.h"
#include "controlplane/store/patch.h"
#include "controlplane/store/selector.h"
#include "controlplane/store/write_rules.h"

namespace offtake::store {
namespace {

using resources::Kind;

// The kind that an object says it is, or BadRequest.
base::Result<const Kind*> kind_of_object(const json::Value& object) {
  if (!object.is_object()) return base::terminal("BadRequest", "a resource must be an object");
  const Kind* kind = resources::find_kind(object.string_or("apiVersion"), object.string_or("kind"));
  if (kind != nullptr) return kind;
  const resources::Checked checked = resources::check(object);
  base::Error error =
      base::terminal("BadRequest", checked.errors.empty() ? "" : checked.errors.front().text());
  error.causes = checked.errors;
  return error;
}

// Where an object that a client sent belongs.
std::string sent_namespace(const Kind& kind, const json::Value& object) {
  if (!kind.namespaced) return "";
  const std::string sent = namespace_of(object);
  return sent.empty() ? "default" : sent;
}

// What a continue token holds: the version of the first page and the last place of this one.
std::string write_token(std::int64_t version, const std::pair<std::string, std::string>& last) {
  return crypto::base64_url(fmt::format("{}\n{}\n{}", version, last.first, last.second));
}

struct Token {
  std::int64_t version = 0;
  std::pair<std::string, std::string> last;
};

base::Result<Token> read_token(const std::string& text) {
  const auto bad = [] { return base::terminal("BadRequest", "the continue token is not one of ours"); };
  auto plain = crypto::base64_url_decode(text);
  if (!plain) return bad();
  const std::size_t first = plain->find('\n');
  const std::size_t second = first == std::string::npos ? first : plain->find('\n', first + 1);
  if (second == std::string::npos) return bad();
  Token out;
  out.version = std::strtoll(plain->c_str(), nullptr, 10);
  out.last = {plain->substr(first + 1, second - first - 1), plain->substr(second + 1)};
  return out;
}

}  // namespace

EmbeddedStore::EmbeddedStore(StoreOptions options, ObjectFile file)
    : options_(std::move(options)), file_(std::move(file)), version_(file_.version()) {}

base::Result<std::unique_ptr<EmbeddedStore>> EmbeddedStore::open(StoreOptions options) {
  auto file = ObjectFile::open(options.path, options.secret_key);
  if (!file) return std::move(file).error();
  std::unique_ptr<EmbeddedStore> store(new EmbeddedStore(std::move(options), *std::move(file)));
  const base::Status loaded = store->file_.load([&](const Kind& kind, json::Value object) {
    Place place{namespace_of(object), name_of(object)};
    store->objects_[&kind][std::move(place)] = std::make_shared<const json::Value>(std::move(object));
  });
  if (!loaded) return loaded.error();
  store->ring_ = std::make_shared<EventRing>(store->version_, store->options_.ring_events);
  if (base::Status made = store->make_first_namespaces(); !made) return made.error();
  // A crash may have come between a deletion and what follows from it.
  const std::unique_lock lock(store->mutex_);
  std::vector<std::string> terminating;
  for (const auto& [place, object] : store->objects_[&resources::kind_of<resources::Namespace>()]) {
    if (is_deleting(*object)) terminating.push_back(place.second);
  }
  for (const std::string& name : terminating) store->empty_namespace(name);
  return store;
}

base::Status EmbeddedStore::make_first_namespaces() {
  for (const std::string_view name : {std::string_view("default"), resources::kSystemNamespace}) {
    resources::Namespace space;
    space.metadata.name = std::string(name);
    auto made = create(resources::to_json(space), {});
    if (!made && made.error().code != "AlreadyExists") return std::move(made).error();
  }
  return {};
}

std::string EmbeddedStore::resource_version() const {
  const std::shared_lock lock(mutex_);
  return std::to_string(version_);
}

ObjectPtr EmbeddedStore::find(const Kind& kind, std::string_view namespace_name,
                              std::string_view name) const {
  const auto objects = objects_.find(&kind);
  if (objects == objects_.end()) return nullptr;
  const auto it = objects->second.find(Place(namespace_name, name));
  return it == objects->second.end() ? nullptr : it->second;
}

base::Result<json::Value> EmbeddedStore::get(const Kind& kind, std::string_view namespace_name,
                                             std::string_view name) {
  const std::shared_lock lock(mutex_);
  const ObjectPtr found = find(kind, kind.namespaced ? namespace_name : "", name);
  if (found == nullptr) return not_found(kind, name);
  return *found;
}

base::Result<ObjectList> EmbeddedStore::list(const Kind& kind, const ListOptions& options) {
  auto labels = LabelQuery::parse(options.label_selector);
  if (!labels) return std::move(labels).error();
  auto fields = FieldQuery::parse(kind, options.field_selector);
  if (!fields) return std::move(fields).error();
  std::optional<Token> token;
  if (!options.continue_token.empty()) {
    auto read = read_token(options.continue_token);
    if (!read) return std::move(read).error();
    token = *std::move(read);
  }
  std::vector<ObjectPtr> found;
  ObjectList out;
  std::int64_t version = 0;
  {
    const std::shared_lock lock(mutex_);
    version = token ? token->version : version_;
    auto there = objects_from(kind, options.namespace_name, token ? &token->last : nullptr, version);
    if (!there) return std::move(there).error();
    for (ObjectPtr& object : *there) {
      if (labels->matches(*object) && fields->matches(*object)) found.push_back(std::move(object));
    }
  }
  const std::size_t limit = options.limit > 0 ? static_cast<std::size_t>(options.limit) : found.size();
  for (std::size_t i = 0; i < std::min(limit, found.size()); ++i) out.items.push_back(*found[i]);
  if (found.size() > limit) {
    // Of what selectors find the API does not say how much is left.
    const bool all = labels->empty() && fields->empty();
    out.remaining = all ? static_cast<std::int64_t>(found.size() - limit) : 0;
    out.continue_token = write_token(version, {namespace_of(out.items.back()), name_of(out.items.back())});
  }
  out.resource_version = std::to_string(version);
  return out;
}

base::Result<std::vector<ObjectPtr>> EmbeddedStore::objects_from(const Kind& kind,
                                                                 const std::string& namespace_name,
                                                                 const Place* after,
                                                                 std::int64_t version) const {
  const auto belongs = [&](const Place& place) {
    return namespace_name.empty() || place.first == namespace_name;
  };
  std::vector<ObjectPtr> out;
  static const Objects kNone;
  const auto found = objects_.find(&kind);
  const Objects& all = found == objects_.end() ? kNone : found->second;
  if (after == nullptr) {
    for (auto it = all.lower_bound(Place(namespace_name, "")); it != all.end() && belongs(it->first); ++it) {
      out.push_back(it->second);
    }
    return out;
  }
  // A later page is of the moment of the first one: what has changed since is taken back.
  Objects then(all.upper_bound(*after), all.end());
  const bool known = ring_->each_since(kind, version, [&](const RingEvent& change) {
    const json::Value& object = change.before != nullptr ? *change.before : *change.after;
    Place place(namespace_of(object), name_of(object));
    if (place <= *after) return;
    if (change.before != nullptr) {
      then[std::move(place)] = change.before;
    } else {
      then.erase(place);
    }
  });
  if (!known) return expired(version);
  for (auto it = then.begin(); it != then.end() && belongs(it->first); ++it) out.push_back(it->second);
  return out;
}

base::Result<std::unique_ptr<Watch>> EmbeddedStore::watch(const Kind& kind, std::string_view resource_version,
                                                          const ListOptions& options) {
  auto labels = LabelQuery::parse(options.label_selector);
  if (!labels) return std::move(labels).error();
  auto fields = FieldQuery::parse(kind, options.field_selector);
  if (!fields) return std::move(fields).error();
  WatchFilter filter{&kind, options.namespace_name, *std::move(labels), *std::move(fields)};
  if (resource_version.empty() || resource_version == "0") {
    std::vector<ObjectPtr> present;
    const std::shared_lock lock(mutex_);
    const auto objects = objects_.find(&kind);
    if (objects != objects_.end()) {
      for (const auto& [place, object] : objects->second) {
        if (filter.matches(*object)) present.push_back(object);
      }
    }
    return make_embedded_watch(ring_, std::move(filter), version_, std::move(present));
  }
  char* end = nullptr;
  const std::string text(resource_version);
  const std::int64_t version = std::strtoll(text.c_str(), &end, 10);
  if (*end != '\0' || version < 0) {
    return base::terminal("BadRequest", fmt::format("'{}' is no resource version", text));
  }
  if (!ring_->knows(version)) return expired(version);
  return make_embedded_watch(ring_, std::move(filter), version, {});
}

Writer EmbeddedStore::writer_for(std::string_view manager, std::string_view subresource) const {
  const base::Micros now = options_.clock->now();
  return {std::string(manager), std::string(subresource), base::format_instant(now - now % 1'000'000)};
}

base::Result<Written> EmbeddedStore::with_warnings(base::Result<Written> written, const Kind& kind) {
  if (written && options_.warn) {
    written->warnings = options_.warn(*this, kind, written->object);
  }
  return written;
}

base::Result<Written> EmbeddedStore::create(const json::Value& object, const WriteOptions& options) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  if (!version_of(object).empty()) {
    return base::terminal("BadRequest", "resourceVersion should not be set on objects to be created");
  }
  auto written = [&] {
    const std::unique_lock lock(mutex_);
    return create_locked(**kind, object, nullptr, {writer_for(options.field_manager, ""), options.dry_run});
  }();
  return with_warnings(std::move(written), **kind);
}

base::Result<Written> EmbeddedStore::update(const json::Value& object, const WriteOptions& options) {
  return replace(object, options, "");
}

base::Result<Written> EmbeddedStore::update_status(const json::Value& object, const WriteOptions& options) {
  return replace(object, options, "status");
}

base::Result<Written> EmbeddedStore::replace(const json::Value& object, const WriteOptions& options,
                                             std::string_view subresource) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  auto written = [&]() -> base::Result<Written> {
    const std::unique_lock lock(mutex_);
    const std::string name = name_of(object);
    const ObjectPtr before = find(**kind, sent_namespace(**kind, object), name);
    if (before == nullptr) return not_found(**kind, name);
    const std::string uid = uid_of(object);
    if (!uid.empty() && uid != uid_of(*before)) return uid_conflict(**kind, name, uid, uid_of(*before));
    // As the API server has it: core kinds alone are replaced without a look at what was there.
    const bool core = (*kind)->group.empty();
    if (!core && version_of(object).empty()) return version_required(**kind, name);
    return change_locked(**kind, before, object, nullptr,
                         {writer_for(options.field_manager, subresource), options.dry_run});
  }();
  return subresource.empty() ? with_warnings(std::move(written), **kind) : written;
}

base::Result<Written> EmbeddedStore::patch(const Kind& kind, std::string_view namespace_name,
                                           std::string_view name, PatchType type, const json::Value& patch,
                                           const PatchOptions& options) {
  auto written = [&]() -> base::Result<Written> {
    const std::unique_lock lock(mutex_);
    const ObjectPtr before = find(kind, kind.namespaced ? namespace_name : "", name);
    if (before == nullptr) return not_found(kind, name);
    json::Value after;
    if (type == PatchType::kMerge) {
      if (!patch.is_object()) return base::terminal("BadRequest", "a merge patch must be an object");
      after = merge_patch(*before, patch);
    } else {
      auto patched = json_patch(*before, patch);
      if (!patched) return std::move(patched).error();
      after = *std::move(patched);
    }
    if (!(after["apiVersion"] == (*before)["apiVersion"]) || !(after["kind"] == (*before)["kind"])) {
      return base::terminal("Invalid", "a patch cannot change apiVersion or kind");
    }
    if (name_of(after) != name || namespace_of(after) != namespace_of(*before)) {
      return base::terminal("BadRequest", "a patch cannot change name or namespace");
    }
    if (const std::string uid = uid_of(after); !uid.empty() && uid != uid_of(*before)) {
      return uid_fixed(kind, name, uid);
    }
    return change_locked(
        kind, before, std::move(after), nullptr,
        {writer_for(options.field_manager, options.status ? "status" : ""), options.dry_run});
  }();
  return options.status || !written || !written->changed ? written : with_warnings(std::move(written), kind);
}

base::Result<Written> EmbeddedStore::apply(const json::Value& object, const ApplyOptions& options) {
  auto kind = kind_of_object(object);
  if (!kind) return std::move(kind).error();
  const json::Value& managed = object.at({"metadata", "managedFields"});
  if (managed.is_array() && !managed.as_array().empty()) {
    return base::terminal("BadRequest", "metadata.managedFields must be nil");
  }
  const std::string name = name_of(object);
  if (name.empty()) return base::terminal("BadRequest", "metadata.name is required to apply");
  if (options.field_manager.empty())
    return base::terminal("Invalid", "an apply needs the name of its manager");
  auto written = [&]() -> base::Result<Written> {
    const std::unique_lock lock(mutex_);
    const WriteContext context{writer_for(options.field_manager, options.status ? "status" : ""),
                               options.dry_run};
    const ObjectPtr before = find(**kind, sent_namespace(**kind, object), name);
    const std::string uid = uid_of(object);
    if (before == nullptr) {
      if (options.status) return not_found(**kind, name);
      if (!uid.empty()) return uid_conflict(**kind, name, uid, "");
    } else {
      if (!uid.empty() && uid != uid_of(*before)) {
        if (options.status) return uid_conflict(**kind, name, uid, uid_of(*before));
        return uid_fixed(**kind, name, uid);
      }
      const std::string version = version_of(object);
      if (!version.empty() && version != version_of(*before)) return version_conflict(**kind, name);
    }
    json::Value config = without_nulls(object);
    drop_system_fields(config);
    fold_string_data(**kind, config);
    if (options.status) {
      json::Value only = json::Value::object();
      for (const char* member : {"apiVersion", "kind", "metadata", "status"}) {
        if (const json::Value* value = config.find(member); value != nullptr) only.set(member, *value);
      }
      config = std::move(only);
    } else if ((*kind)->has_status) {
      config.erase("status");
    }
    static const json::Value kNothing;
    const json::Value& live = before == nullptr ? kNothing : *before;
    FieldManagers managers = read_managers(live.at({"metadata", "managedFields"}));
    if (managers.empty() && before != nullptr) {
      managers = managers_before_first_apply(**kind, live, context.writer);
    }
    auto applied = apply_config(**kind, live, managers, config, context.writer, options.force);
    if (!applied) return std::move(applied).error();
    if (before == nullptr)
      return create_locked(**kind, std::move(applied->object), &applied->managers, context);
    return change_locked(**kind, before, std::move(applied->object), &applied->managers, context);
  }();
  return options.status ? written : with_warnings(std::move(written), **kind);
}

base::Result<Deleted> EmbeddedStore::remove(const Kind& kind, std::string_view namespace_name,
                                            std::string_view name, const DeleteOptions& options) {
  const std::unique_lock lock(mutex_);
  const ObjectPtr before = find(kind, kind.namespaced ? namespace_name : "", name);
  if (before == nullptr) return not_found(kind, name);
  if (!options.uid.empty() && options.uid != uid_of(*before)) {
    return uid_conflict(kind, name, options.uid, uid_of(*before));
  }
  if (!options.resource_version.empty() && options.resource_version != version_of(*before)) {
    return version_conflict(kind, name);
  }
  const bool first = name == "default" || name == resources::kSystemNamespace;
  if (&kind == &resources::kind_of<resources::Namespace>() && first) {
    return base::terminal("Forbidden",
                          fmt::format("namespaces \"{}\" is forbidden: this namespace may not be "
                                      "deleted",
                                      name));
  }
  if (options.dry_run) return Deleted{*before, !has_finalizers(*before)};
  return remove_locked(kind, before, options.orphan);
}

}  // namespace offtake::store
