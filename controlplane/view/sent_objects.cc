#include "controlplane/view/sent_objects.h"

#include <algorithm>

#include "controlplane/access/access.h"
#include "controlplane/planning/lookup.h"

namespace offtake::view {
namespace {

using resources::Dataset;
using resources::EventStore;
using resources::Kind;
using resources::kind_of;

bool classifies(const Dataset& dataset) {
  return std::any_of(dataset.spec.columns.begin(), dataset.spec.columns.end(),
                     [](const auto& note) { return !note.classification.empty(); });
}

class Admission {
 public:
  Admission(const resources::DataProduct& product, SentUse use, store::ResourceClient& resources)
      : product_(product), use_(use), resources_(resources) {}

  base::Result<Sent> run(const planning::Overlay& sent) {
    // Namespaces first: a new one's labels count for what comes after it.
    for (const bool namespaces : {true, false}) {
      for (const json::Value& object : sent.objects) {
        const Kind* kind = resources::find_kind(object.string_or("apiVersion"), object.string_or("kind"));
        if (kind == nullptr || (kind == &kind_of<resources::Namespace>()) != namespaces) continue;
        if (auto done = take(*kind, object); !done) return done.error();
      }
      if (!namespaces) continue;
      auto labels = planning::labels_of(&out_.overlay, resources_, product_.metadata.namespace_name);
      if (!labels) return std::move(labels).error();
      labels_ = *std::move(labels);
    }
    return std::move(out_);
  }

 private:
  base::Status take(const Kind& kind, const json::Value& object) {
    const json::Value& metadata = object["metadata"];
    auto stored = resources_.get(kind, kind.namespaced ? metadata.string_or("namespace") : "",
                                 metadata.string_or("name"));
    if (!stored && stored.error().code != "NotFound") return std::move(stored).error();
    if (use_ == SentUse::kPlanned) {
      if (!stored || may_replace(kind, *stored)) out_.overlay.objects.push_back(object);
      return {};
    }
    if (stored || &kind == &kind_of<resources::Namespace>() || &kind == &kind_of<resources::Secret>())
      return {};
    if (&kind == &kind_of<EventStore>()) {
      refuse(
          kind, metadata,
          base::waiting("EventStoreMissing",
                        fmt::format("EventStore {} is not stored, and what is only sent along is not called",
                                    metadata.string_or("name")))
              .with_hint("store it first: `offtake apply`"));
      return {};
    }
    if (&kind == &kind_of<Dataset>()) return take_dataset(metadata, resources::from_json<Dataset>(object));
    out_.overlay.objects.push_back(object);
    return {};
  }

  // Whether the stored object lets the product's namespace in already.
  bool may_replace(const Kind& kind, const json::Value& stored) const {
    const std::string& reader = product_.metadata.namespace_name;
    if (&kind == &kind_of<resources::Namespace>()) return false;
    if (&kind == &kind_of<Dataset>())
      return access::may_read(resources::from_json<Dataset>(stored), reader, labels_).ok();
    if (&kind == &kind_of<resources::TargetClass>())
      return access::may_use(resources::from_json<resources::TargetClass>(stored), reader, labels_).ok();
    return true;
  }

  base::Status take_dataset(const json::Value& metadata, Dataset dataset) {
    if (auto listed = list_stored(); !listed) return listed;
    const Dataset* read_as = nullptr;
    for (const Dataset& other : stored_) {
      if (other.spec.source.topic != dataset.spec.source.topic) continue;
      auto allowed = access::may_read(other, product_.metadata.namespace_name, labels_);
      if (other.spec.source.event_store_name != dataset.spec.source.event_store_name) {
        if (allowed && !classifies(other)) continue;
        auto apart = known_apart(other.spec.source.event_store_name, dataset.spec.source.event_store_name);
        if (!apart) return std::move(apart).error();
        if (*apart) continue;
        refuse(kind_of<Dataset>(), metadata, not_told_apart(dataset, other));
        return {};
      }
      if (!allowed) {
        refuse(kind_of<Dataset>(), metadata, allowed.error());
        return {};
      }
      if (classifies(other) && (read_as == nullptr || other.spec.subject() == dataset.spec.subject()))
        read_as = &other;
    }
    if (read_as != nullptr) read_like(*read_as, dataset);
    out_.overlay.objects.push_back(resources::to_json(dataset));
    return {};
  }

  // Another schema could call a classified field by another name (aliases), put it into another column or
  // read its bytes as something else, and so could another record key. So all of how records are read is the
  // stored Dataset's: what is shown through the new one is what is shown through that.
  void read_like(const Dataset& other, Dataset& dataset) {
    resources::DatasetSpec spec = other.spec;
    spec.owner = dataset.spec.owner;
    spec.description = dataset.spec.description;
    spec.access = dataset.spec.access;
    for (const Dataset& one : stored_) {
      const auto& source = one.spec.source;
      if (&one == &other || source.topic != spec.source.topic ||
          source.event_store_name != spec.source.event_store_name)
        continue;
      spec.columns.insert(spec.columns.end(), one.spec.columns.begin(), one.spec.columns.end());
    }
    spec.columns.insert(spec.columns.end(), dataset.spec.columns.begin(), dataset.spec.columns.end());
    dataset.spec = std::move(spec);
    out_.warnings.push_back(fmt::format(
        "Dataset {} is read as the stored Dataset {}: that one has classified columns in topic {}",
        dataset.metadata.key(), other.metadata.key(), other.spec.source.topic));
  }

  // One cluster goes by many addresses, so any two Kafka stores may be the same one.
  base::Result<bool> known_apart(const std::string& one, const std::string& other) {
    std::vector<bool> embedded;
    for (const std::string& name : {one, other}) {
      auto store = store::get<EventStore>(resources_, "", name);
      if (!store && store.error().code == "NotFound") return true;  // it is read by nobody
      if (!store) return std::move(store).error();
      embedded.push_back(store->spec.embedded.has_value());
    }
    return embedded[0] != embedded[1];
  }

  static base::Error not_told_apart(const Dataset& dataset, const Dataset& other) {
    return base::terminal(
               "DatasetNotStored",
               fmt::format(
                   "Dataset {} is not stored, and its topic {} may be the one that Dataset {} describes "
                   "on EventStore {}",
                   dataset.metadata.key(), dataset.spec.source.topic, other.metadata.key(),
                   other.spec.source.event_store_name))
        .with_hint("store it first: `offtake apply`");
  }

  base::Status list_stored() {
    if (listed_) return {};
    auto stored = store::list<Dataset>(resources_);
    if (!stored) return std::move(stored).error();
    stored_ = *std::move(stored);
    listed_ = true;
    return {};
  }

  void refuse(const Kind& kind, const json::Value& metadata, base::Error why) {
    out_.overlay.refused.push_back({&kind, kind.namespaced ? metadata.string_or("namespace") : "",
                                    metadata.string_or("name"), std::move(why)});
  }

  const resources::DataProduct& product_;
  const SentUse use_;
  store::ResourceClient& resources_;
  std::map<std::string, std::string> labels_;
  bool listed_ = false;
  std::vector<Dataset> stored_;
  Sent out_;
};

}  // namespace

base::Result<Sent> admit(const planning::Overlay& sent, const resources::DataProduct& product, SentUse use,
                         store::ResourceClient& resources) {
  if (sent.objects.empty()) return Sent{};
  return Admission(product, use, resources).run(sent);
}

}  // namespace offtake::view
