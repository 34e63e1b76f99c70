#include "controlplane/planning/derived.h"

#include <algorithm>

#include "controlplane/planning/publication.h"
#include "operators/plan/lineage.h"
#include "operators/targets/target.h"

namespace offtake::planning {
namespace {

bool within(std::string_view path, std::string_view outer) {
  return path.starts_with(outer) && (path.size() == outer.size() || path[outer.size()] == '.');
}

// What is known of one column of a dataset.
struct Note {
  std::string description, classification;
};
Note note_of(const resources::Dataset& dataset, const std::string& column) {
  Note out;
  for (const auto& note : dataset.spec.columns) {
    if (note.path == column) out.description = note.description;
    const bool about = within(column, note.path) || within(note.path, column);
    if (about && out.classification.empty()) out.classification = note.classification;
  }
  return out;
}

}  // namespace

base::Result<std::optional<resources::EventStore>> store_of_class(const resources::TargetClass& target_class,
                                                                  const Overlay* overlay,
                                                                  store::ResourceClient& resources) {
  const auto& external = target_class.spec.provisioner.external;
  if (!external || external->event_store_name.empty()) return std::optional<resources::EventStore>();
  auto found =
      look_up<resources::EventStore>(overlay, resources, "", external->event_store_name, "EventStoreMissing");
  if (!found) return std::move(found).error();
  return std::optional<resources::EventStore>(*std::move(found));
}

bool makes_dataset(const resources::DataProduct& product, const Overlay* overlay,
                   store::ResourceClient& resources) {
  auto target_class = find_class(product, overlay, resources);
  if (!target_class) return false;
  const auto* engine = targets::find_engine(target_class->spec.engine);
  return engine != nullptr && engine->record_schemas != nullptr;
}

resources::Dataset derived_dataset(const resources::DataProduct& product, const worker::Job& job,
                                   store::ResourceClient& resources) {
  resources::Dataset out;
  out.metadata.name = product.metadata.name;
  out.metadata.namespace_name = product.metadata.namespace_name;
  const resources::Kind& kind = resources::kind_of<resources::DataProduct>();
  resources::OwnerReference owner;
  owner.api_version = kind.api_version();
  owner.kind = kind.kind;
  owner.name = product.metadata.name;
  owner.uid = product.metadata.uid;
  owner.controller = true;
  out.metadata.owner_references = {owner};
  out.spec.owner = product.spec.owner;
  out.spec.description = product.spec.description;
  const bool keyed = rows_form(job) == provision::RowsForm::kKeyed;
  out.spec.type = keyed ? resources::DatasetType::kEntity : resources::DatasetType::kEvent;
  out.spec.source.event_store_name = job.target.store;
  out.spec.source.topic = job.target.topic;
  resources::DatasetKey key;
  for (const int column : job.table.identity.key) {
    key.columns.push_back(job.table.columns[static_cast<std::size_t>(column)].name);
  }
  if (keyed) out.spec.key = std::move(key);
  const auto lineage = plan::lineage_of(job.plan);
  for (std::size_t i = 0; i < job.table.columns.size() && i < lineage.size(); ++i) {
    resources::ColumnNote made{job.table.columns[i].name, "", ""};
    for (const auto& [source, column] : lineage[i].columns) {
      const plan::SourceUse& use = job.plan.sources[static_cast<std::size_t>(source)];
      auto dataset = store::get<resources::Dataset>(resources, use.dataset_namespace, use.dataset);
      if (!dataset) continue;
      const Note note = note_of(*dataset, use.columns[static_cast<std::size_t>(column)].name);
      if (made.classification.empty()) made.classification = note.classification;
      if (lineage[i].same) made.description = note.description;
    }
    if (!made.description.empty() || !made.classification.empty()) out.spec.columns.push_back(made);
  }
  return out;
}

base::Result<std::vector<std::string>> readers_of(const sql::DatasetName& dataset,
                                                  store::ResourceClient& resources) {
  auto products = store::list<resources::DataProduct>(resources);
  if (!products) return std::move(products).error();
  std::vector<std::string> out;
  for (const auto& product : *products) {
    auto used = sql::referenced_datasets(product.spec.sql, product.metadata.namespace_name);
    // After an edit an earlier revision may read it still.
    for (const auto& source : product.status.sources) used.push_back({source.namespace_name, source.name});
    if (std::find(used.begin(), used.end(), dataset) != used.end())
      out.push_back("DataProduct " + product.metadata.key());
  }
  return out;
}

bool is_owned(const resources::Dataset& dataset, const resources::DataProduct& product) {
  return std::any_of(dataset.metadata.owner_references.begin(), dataset.metadata.owner_references.end(),
                     [&](const auto& owner) { return owner.uid == product.metadata.uid; });
}

base::Status check_dataset(const resources::DataProduct& product, const std::vector<std::string>& key,
                           store::ResourceClient& resources) {
  auto found =
      store::get<resources::Dataset>(resources, product.metadata.namespace_name, product.metadata.name);
  if (!found) return found.error().code == "NotFound" ? base::Status() : base::Status(found.error());
  if (!is_owned(*found, product) || product.metadata.uid.empty()) {
    base::Error error =
        base::terminal("DatasetTaken",
                       fmt::format("the product would be read as Dataset {}, which exists and is not its own",
                                   found->metadata.key()));
    error.location.field = "metadata.name";
    return std::move(error).with_hint("give the product another name");
  }
  const std::vector<std::string> before =
      found->spec.key ? found->spec.key->columns : std::vector<std::string>();
  if (before != key) {
    const auto shown = [](const std::vector<std::string>& columns) {
      return columns.empty() ? "no key" : fmt::format("the key ({})", fmt::join(columns, ", "));
    };
    base::Error error = base::terminal(
        "KeyChanged",
        fmt::format("the records of topic {} have {}, the query now gives {}: readers would take each "
                    "row for another one",
                    found->spec.source.topic, shown(before), shown(key)));
    error.location.field = "spec.target.key";
    return std::move(error).with_hint("make another product with another target.name");
  }
  return {};
}

}  // namespace offtake::planning
