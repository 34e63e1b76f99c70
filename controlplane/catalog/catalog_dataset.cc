// One dataset in full, and what is around it.
#include <algorithm>

#include "controlplane/catalog/catalog.h"
#include "controlplane/planning/derived.h"

namespace offtake::catalog {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 1'500ms;
constexpr auto kVersionsAge = 60s, kAfterFailure = 10s;
constexpr std::size_t kMostVersions = 20, kMostUsedBy = 100, kMostHistories = 500, kMostReads = 5'000;

const std::string kDatasetId = "dataset/", kProductId = "product/", kTargetId = "target/";

std::string subject_key(const resources::Dataset& dataset) {
  return dataset.spec.source.event_store_name + "/" + dataset.spec.subject();
}
std::string topic_key(const resources::Dataset& dataset) {
  return dataset.spec.source.event_store_name + "/" + dataset.spec.source.topic;
}

base::Error not_found(std::string_view kind, const std::string& key, std::string_view plural) {
  return base::terminal("NotFound", fmt::format("{} {} not found", kind, key))
      .with_hint(fmt::format("`offtake get {} -A` lists those of all namespaces", plural));
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

}  // namespace

void Catalog::ask_for_versions(const Entry& entry) {
  const std::string key = subject_key(entry.dataset);
  const auto known = versions_.find(key);
  if (known != versions_.end()) {
    const Versions& versions = known->second;
    const auto age = clock_.steady() - versions.at;
    if (!versions.problem.empty() && age < kAfterFailure) return;
    if (versions.problem.empty() && age < kVersionsAge && versions.newest >= entry.schema_version) return;
  }
  threads_.run(entry.dataset.spec.source.event_store_name, "versions " + key, StoreThreads::Order::kSoon,
               [this, key, dataset = entry.dataset] { fetch_versions(key, dataset); });
}

void Catalog::fetch_versions(const std::string& key, const resources::Dataset& dataset) {
  Versions out;
  const auto fetched = [&]() -> base::Status {
    auto store = store_of(dataset);
    if (!store) return std::move(store).error();
    auto registry = platform_.registry_of(*store);
    if (!registry) return std::move(registry).error();
    const std::string subject = dataset.spec.subject();
    auto numbers = (*registry)->versions(subject);
    if (!numbers) return std::move(numbers).error();
    out.total = static_cast<std::int64_t>(numbers->size());
    // One more than is shown, to compare the oldest of them with.
    const bool more = numbers->size() > kMostVersions;
    std::sort(numbers->begin(), numbers->end());
    if (more) numbers->erase(numbers->begin(), numbers->end() - (kMostVersions + 1));
    std::vector<SchemaText> texts;
    for (const int number : *numbers) {
      auto version = (*registry)->version(subject, number);
      if (!version) return std::move(version).error();
      texts.push_back({version->version, version->id, version->text});
    }
    out.newest = texts.empty() ? 0 : texts.back().version;
    out.history = version_history(dataset, texts, more);
    return {};
  }();
  std::lock_guard lock(mutex_);
  if (versions_.size() > kMostHistories) versions_.clear();
  out.at = clock_.steady();
  Versions& known = versions_[key];
  if (fetched) {
    known = std::move(out);
  } else {
    known.at = out.at;
    known.problem = fetched.error().text();
  }
  changed_.notify_all();
}

bool Catalog::is_settled(const std::string& key) {
  const auto entry = holdings_.index().find(key);
  if (entry == nullptr) return true;
  const auto measured = measured_.find(topic_key(entry->dataset));
  const bool figures = measured != measured_.end() &&
                       (measured->second.figures != nullptr || !measured->second.problem.empty());
  const auto versions = versions_.find(subject_key(entry->dataset));
  const bool history = versions != versions_.end() && (!versions->second.problem.empty() ||
                                                       versions->second.newest >= entry->schema_version);
  return figures && history && (entry->schema_known || schema_problems_.contains(key));
}

void Catalog::note_what_is_missing(const Entry& entry, Detail& out) {
  const resources::Dataset& dataset = entry.dataset;
  const auto note = [&](const char* what, bool there, const std::string& problem) {
    if (!there && problem.empty()) out.pending.emplace_back(what);
    if (!there) add_once(out.unavailable, problem);
  };
  const auto asked = schema_problems_.find(dataset.metadata.key());
  note("schema", entry.schema_known, asked == schema_problems_.end() ? entry.schema_problem : asked->second);
  const Versions& versions = versions_[subject_key(dataset)];
  note("versions", versions.newest > 0, versions.problem);
  note("figures", out.item.figures != nullptr, measured_[topic_key(dataset)].problem);
}

std::vector<std::shared_ptr<const ColumnsRead>> Catalog::reads_of(
    const std::vector<std::shared_ptr<const HeldProduct>>& products, std::unique_lock<std::mutex>& lock) {
  std::vector<std::shared_ptr<const ColumnsRead>> out;
  for (const auto& product : products) {
    std::map<std::string, Readable> datasets;
    const resources::ObjectMeta& metadata = product->product.metadata;
    std::string stamp = fmt::format("{} {}", metadata.uid, metadata.generation);
    for (const auto& key : product->reads) {
      Readable readable{holdings_.index().find(key), holdings_.schema(key)};
      stamp += fmt::format(" {}", readable.schema == nullptr ? -1 : readable.schema->id);
      datasets.emplace(key, std::move(readable));
    }
    const auto known = reads_.find(metadata.key());
    if (known != reads_.end() && known->second.stamp == stamp) {
      out.push_back(known->second.columns);
      continue;
    }
    lock.unlock();
    auto columns = columns_read(product->product, datasets);
    lock.lock();
    if (reads_.size() > kMostReads) reads_.clear();
    reads_[metadata.key()] = {stamp, columns};
    out.push_back(std::move(columns));
  }
  return out;
}

base::Result<Detail> Catalog::dataset(const std::string& namespace_name, const std::string& name,
                                      const std::string& reader) {
  auto labels = labels_of(reader);
  if (!labels) return std::move(labels).error();
  const std::string key = namespace_name + "/" + name;
  std::unique_lock lock(mutex_);
  if (auto done = catch_up(); !done) return done.error();
  auto entry = holdings_.index().find(key);
  if (entry == nullptr) return not_found("Dataset", key, "datasets");
  figures_of(entry->dataset);
  ask_for_versions(*entry);
  changed_.wait_for(lock, kPatience, [&] { return is_settled(key); });
  entry = holdings_.index().find(key);
  if (entry == nullptr) return not_found("Dataset", key, "datasets");

  Detail out;
  out.item.figures = figures_of(entry->dataset);
  out.item.hit.entry = entry;
  out.item.hit.products = holdings_.index().products(key);
  out.item.readable = may_read(*entry, reader, *labels);
  const Versions& versions = versions_[subject_key(entry->dataset)];
  out.versions = versions.history;
  out.versions_total = versions.total;
  note_what_is_missing(*entry, out);
  out.producer = holdings_.producer(key);
  auto users = holdings_.users(key);
  if (users.size() > kMostUsedBy) users.resize(kMostUsedBy);
  const auto all = holdings_.index().all();
  const auto reads = reads_of(users, lock);
  lock.unlock();
  for (std::size_t i = 0; i < users.size(); ++i) out.used_by.push_back({users[i], reads[i]});
  for (Relationship& found : relationships_of(*entry, all)) {
    Related related{std::move(found), {}};
    if (related.relationship.other != nullptr)
      related.readable = may_read(*related.relationship.other, reader, *labels);
    out.relationships.push_back(std::move(related));
  }
  return out;
}

Neighbours Catalog::neighbours(const std::string& id) {
  Neighbours out;
  if (id.starts_with(kDatasetId)) {
    const std::string key = id.substr(kDatasetId.size());
    if (const auto producer = holdings_.producer(key))
      out.upstream.push_back(kProductId + producer->product.metadata.key());
    for (const auto& user : holdings_.users(key))
      out.downstream.push_back(kProductId + user->product.metadata.key());
    return out;
  }
  if (id.starts_with(kTargetId)) {
    out.upstream.push_back(kProductId + id.substr(kTargetId.size()));
    return out;
  }
  const std::string key = id.substr(kProductId.size());
  const auto product = holdings_.product(key);
  if (product == nullptr) return out;
  for (const auto& dataset : product->reads) out.upstream.push_back(kDatasetId + dataset);
  // The records that it writes are a Dataset of its own name; rows elsewhere are a target.
  const auto own = holdings_.index().find(key);
  if (own != nullptr && planning::is_owned(own->dataset, product->product)) {
    out.downstream.push_back(kDatasetId + key);
  } else {
    out.downstream.push_back(kTargetId + key);
  }
  for (const auto& dataset : product->writes) out.downstream.push_back(kDatasetId + dataset);
  return out;
}

base::Result<Lineage> Catalog::lineage(NodeKind kind, const std::string& namespace_name,
                                       const std::string& name, const std::string& reader) {
  auto labels = labels_of(reader);
  if (!labels) return std::move(labels).error();
  const std::string key = namespace_name + "/" + name;
  std::unique_lock lock(mutex_);
  if (auto done = catch_up(); !done) return done.error();
  if (kind == NodeKind::kDataset && holdings_.index().find(key) == nullptr)
    return not_found("Dataset", key, "datasets");
  if (kind == NodeKind::kProduct && holdings_.product(key) == nullptr)
    return not_found("DataProduct", key, "dataproducts");
  Trace traced = trace((kind == NodeKind::kDataset ? kDatasetId : kProductId) + key, kLineageSteps,
                       kMostLineageNodes, [&](const std::string& id) { return neighbours(id); });
  Lineage out;
  out.truncated = traced.truncated;
  std::vector<std::shared_ptr<const HeldProduct>> products;
  for (const TracedNode& traced_node : traced.nodes) {
    LineageNode& node = out.nodes.emplace_back();
    node.place = traced_node;
    const std::string& id = traced_node.id;
    const auto slash = id.find('/'), second = id.find('/', slash + 1);
    node.namespace_name = id.substr(slash + 1, second - slash - 1);
    node.name = id.substr(second + 1);
    const std::string object = node.namespace_name + "/" + node.name;
    if (id.starts_with(kDatasetId)) {
      node.entry = holdings_.index().find(object);
      if (node.entry != nullptr) node.readable = may_read(*node.entry, reader, *labels);
      continue;
    }
    node.kind = id.starts_with(kProductId) ? NodeKind::kProduct : NodeKind::kTarget;
    node.product = holdings_.product(object);
    if (node.kind == NodeKind::kProduct && node.product != nullptr) products.push_back(node.product);
  }
  const auto reads = reads_of(products, lock);
  lock.unlock();
  std::map<std::string, std::shared_ptr<const ColumnsRead>> read_by;
  for (std::size_t i = 0; i < products.size(); ++i)
    read_by[kProductId + products[i]->product.metadata.key()] = reads[i];
  for (const auto& [from, to] : traced.edges) {
    LineageEdge& edge = out.edges.emplace_back();
    edge.from = from;
    edge.to = to;
    const auto columns = read_by.find(to);
    if (columns == read_by.end() || columns->second == nullptr || !from.starts_with(kDatasetId)) continue;
    const auto found = columns->second->find(from.substr(kDatasetId.size()));
    if (found != columns->second->end()) edge.columns = found->second;
  }
  return out;
}

}  // namespace offtake::catalog
