#include "controlplane/catalog/holdings.h"

#include <algorithm>

namespace offtake::catalog {
namespace {

void add_once(std::vector<std::string>& list, std::string value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

HeldProduct held(const resources::DataProduct& product) {
  HeldProduct out;
  const std::string& space = product.metadata.namespace_name;
  for (const auto& name : sql::referenced_datasets(product.spec.sql, space))
    add_once(out.reads, name.dataset_namespace + "/" + name.name);
  const auto& target = product.spec.target;
  for (const std::string& answers :
       {target.http ? target.http->response_dataset_name : std::string(),
        target.function ? target.function->response_dataset_name : std::string()}) {
    if (!answers.empty()) add_once(out.writes, space + "/" + answers);
  }
  out.product = product;
  return out;
}

// The newest schema of a dataset, as its status knows it.
std::string wanted_schema(const resources::Dataset& dataset) {
  return fmt::format("{} {}", dataset.spec.subject(), dataset.status.schema_id.value_or(0));
}

}  // namespace

base::Status Holdings::catch_up() {
  auto datasets = datasets_.catch_up(
      [&] {
        // Schemas are kept: most of them are still the newest.
        for (auto& [key, held] : held_) held.dataset = nullptr;
        index_.clear();
      },
      [&](const std::string& key, std::unique_ptr<resources::Dataset> dataset) {
        change_dataset(key, std::move(dataset));
      });
  std::vector<std::string> gone;
  for (const auto& [key, held] : held_) {
    if (held.dataset == nullptr) gone.push_back(key);
  }
  for (const std::string& key : gone) drop(key);
  if (!datasets) return datasets;
  return products_.catch_up(
      [&] {
        while (!held_products_.empty()) change_product(held_products_.begin()->first, nullptr);
      },
      [&](const std::string& key, std::unique_ptr<resources::DataProduct> product) {
        change_product(key, std::move(product));
      });
}

void Holdings::change_dataset(const std::string& key, std::unique_ptr<resources::Dataset> dataset) {
  if (dataset == nullptr) return drop(key);
  Held& held = held_[key];
  const bool registered = held.schema != nullptr && held.schema->version > 0;
  if (held.dataset != nullptr && held.dataset->spec.subject() != dataset->spec.subject())
    held.schema = nullptr;
  if (!registered && !dataset->spec.schema.definition.empty()) {
    // It is registered when the dataset is reconciled; until then the definition is what it will be.
    held.schema = std::make_shared<const SchemaTexts>(SchemaTexts{dataset->spec.schema.definition, "", 0, 0});
  }
  dataset->spec.schema.definition.clear();
  held.dataset = std::move(dataset);
  if (held.asked_for != wanted_schema(*held.dataset)) unasked_.insert(key);
  enter(held);
}

void Holdings::drop(const std::string& key) {
  const auto found = held_.find(key);
  if (found != held_.end()) {
    bytes_ -= found->second.bytes;
    held_.erase(found);
  }
  index_.remove(key);
  unasked_.erase(key);
}

void Holdings::enter(Held& held) {
  constexpr std::size_t kColumnBytes = 400;  // about, without its texts
  auto entry = std::make_shared<Entry>();
  entry->dataset = *held.dataset;
  bytes_ -= held.bytes;
  held.bytes = 0;
  if (held.schema != nullptr) {
    auto columns = column_tree(*held.dataset, held.schema->value, held.schema->key);
    if (!columns) {
      entry->schema_problem = columns.error().text();
    } else {
      // The texts are held twice: as they are, and in the columns and what is searched.
      held.bytes = 2 * held.schema->value.size() + kColumnBytes * flattened(*columns).size();
      entry->schema_known = bytes_ + held.bytes <= most_bytes_;
    }
    if (entry->schema_known) {
      entry->columns = *std::move(columns);
      entry->schema_version = held.schema->version;
    } else if (columns) {
      entry->schema_problem = "its schema is not shown: the catalogue holds as many columns as it may";
      held.bytes = 0;
      held.schema = nullptr;
    }
  }
  bytes_ += held.bytes;
  index_.put(std::move(entry));
}

void Holdings::change_product(const std::string& key, std::unique_ptr<resources::DataProduct> product) {
  const auto before = held_products_.find(key);
  const std::shared_ptr<const HeldProduct> old = before == held_products_.end() ? nullptr : before->second;
  if (product == nullptr) {
    name_datasets(key, old.get(), nullptr);
    held_products_.erase(key);
    return;
  }
  auto now = std::make_shared<HeldProduct>();
  if (old != nullptr && old->product.metadata.uid == product->metadata.uid &&
      old->product.metadata.generation == product->metadata.generation) {
    *now = *old;  // the SQL is the same
    now->product = *product;
  } else {
    *now = held(*product);
  }
  name_datasets(key, old.get(), now.get());
  held_products_[key] = std::move(now);
}

void Holdings::name_datasets(const std::string& product, const HeldProduct* before, const HeldProduct* now) {
  const auto change = [&](const HeldProduct* of, bool add) {
    if (of == nullptr) return;
    for (const auto& dataset : of->reads) {
      auto& users = users_[dataset];
      add ? void(users.insert(product)) : void(users.erase(product));
      index_.set_products(dataset, static_cast<std::int64_t>(users.size()));
      if (users.empty()) users_.erase(dataset);
    }
    for (const auto& dataset : of->writes) {
      auto& producers = producers_[dataset];
      add ? void(producers.insert(product)) : void(producers.erase(product));
      if (producers.empty()) producers_.erase(dataset);
    }
  };
  change(before, false);
  change(now, true);
}

std::shared_ptr<const SchemaTexts> Holdings::schema(const std::string& key) const {
  const auto found = held_.find(key);
  return found == held_.end() ? nullptr : found->second.schema;
}

std::shared_ptr<const HeldProduct> Holdings::product(const std::string& key) const {
  const auto found = held_products_.find(key);
  return found == held_products_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const HeldProduct>> Holdings::users(const std::string& dataset) const {
  std::vector<std::shared_ptr<const HeldProduct>> out;
  const auto found = users_.find(dataset);
  if (found == users_.end()) return out;
  for (const auto& key : found->second) {
    if (auto product = this->product(key)) out.push_back(std::move(product));
  }
  return out;
}

std::shared_ptr<const HeldProduct> Holdings::producer(const std::string& dataset) const {
  if (const auto held = held_.find(dataset); held != held_.end()) {
    const resources::ObjectMeta& metadata = held->second.dataset->metadata;
    for (const auto& owner : metadata.owner_references) {
      if (owner.kind != resources::kind_of<resources::DataProduct>().kind) continue;
      if (auto product = this->product(metadata.namespace_name + "/" + owner.name)) return product;
    }
  }
  const auto found = producers_.find(dataset);
  if (found == producers_.end()) return nullptr;
  for (const auto& key : found->second) {
    if (auto product = this->product(key)) return product;
  }
  return nullptr;
}

std::vector<std::string> Holdings::take_unasked() {
  std::vector<std::string> out;
  for (const std::string& key : unasked_) {
    const auto found = held_.find(key);
    if (found == held_.end()) continue;
    found->second.asked_for = wanted_schema(*found->second.dataset);
    out.push_back(key);
  }
  unasked_.clear();
  return out;
}

void Holdings::ask_again(const std::string& key) {
  if (held_.contains(key)) unasked_.insert(key);
}

void Holdings::set_schema(const std::string& key, const std::string& subject, SchemaTexts texts) {
  const auto found = held_.find(key);
  if (found == held_.end() || found->second.dataset->spec.subject() != subject) return;
  Held& held = found->second;
  if (held.schema != nullptr && *held.schema == texts) return;
  held.schema = std::make_shared<const SchemaTexts>(std::move(texts));
  enter(held);
}

}  // namespace offtake::catalog
