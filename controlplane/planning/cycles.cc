#include "controlplane/planning/cycles.h"

#include <algorithm>
#include <set>

#include "controlplane/planning/derived.h"

namespace offtake::planning {
namespace {

using resources::DataProduct;
using sql::DatasetName;

std::string text_of(const DatasetName& name) {
  return name.dataset_namespace + "/" + name.name;
}

DatasetName own_name(const DataProduct& product) {
  return {product.metadata.namespace_name, product.metadata.name};
}

// The dataset that its receiver's answers are written to.
std::optional<DatasetName> answers_of(const DataProduct& product) {
  const auto& target = product.spec.target;
  const std::string& name = target.http       ? target.http->response_dataset_name
                            : target.function ? target.function->response_dataset_name
                                              : std::string();
  if (name.empty()) return std::nullopt;
  return DatasetName{product.metadata.namespace_name, name};
}

// Breadth first from what the product reads to who writes it: the shortest path is found.
class Search {
 public:
  Search(const DataProduct& product, const Overlay* overlay, store::ResourceClient& resources)
      : product_(product), overlay_(overlay), resources_(resources) {}

  base::Status run() {
    std::set<DatasetName> mine;
    if (makes_dataset(product_, overlay_, resources_)) mine.insert(own_name(product_));
    if (auto answers = answers_of(product_)) mine.insert(*std::move(answers));
    if (mine.empty()) return {};
    if (auto known = find_answering(); !known) return known;
    steps_.push_back({product_, 0, {}});
    std::set<DatasetName> seen;
    for (std::size_t at = 0; at < steps_.size(); ++at) {
      const auto reads =
          sql::referenced_datasets(steps_[at].product.spec.sql, steps_[at].product.metadata.namespace_name);
      for (const DatasetName& name : reads) {
        if (mine.contains(name)) return found(at, name);
        if (seen.insert(name).second) add_writers(at, name);
      }
    }
    return {};
  }

 private:
  struct Step {
    DataProduct product;
    std::size_t reader = 0;  // of what it writes: an earlier step
    DatasetName written;     // what that one reads
  };

  // Which products' answers are whose dataset. Those about to be sent count as they are sent.
  base::Status find_answering() {
    auto stored = store::list<DataProduct>(resources_);
    if (!stored) return std::move(stored).error();
    const resources::Kind& kind = resources::kind_of<DataProduct>();
    for (auto& product : *stored) {
      const bool sent = overlay_ != nullptr && overlay_->find(kind, product.metadata.namespace_name,
                                                              product.metadata.name) != nullptr;
      if (!sent) note(std::move(product));
    }
    if (overlay_ == nullptr) return {};
    for (const json::Value& object : overlay_->objects) {
      if (object.string_or("kind") == kind.kind && object.string_or("apiVersion") == kind.api_version())
        note(resources::from_json<DataProduct>(object));
    }
    return {};
  }

  void note(DataProduct product) {
    if (auto answers = answers_of(product)) answering_[*std::move(answers)].push_back(std::move(product));
  }

  void add_writers(std::size_t reader, const DatasetName& name) {
    auto made_by =
        look_up<DataProduct>(overlay_, resources_, name.dataset_namespace, name.name, "DataProductMissing");
    if (made_by && makes_dataset(*made_by, overlay_, resources_))
      steps_.push_back({*std::move(made_by), reader, name});
    for (const DataProduct& product : answering_[name]) steps_.push_back({product, reader, name});
  }

  // Named from the product on: each reads what the next one writes.
  base::Status found(std::size_t last, const DatasetName& closing) const {
    std::vector<std::string> names = {written(closing, product_)};
    for (std::size_t at = last; at != 0; at = steps_[at].reader)
      names.push_back(written(steps_[at].written, steps_[at].product));
    names.push_back(text_of(own_name(product_)));
    std::reverse(names.begin(), names.end());
    const bool answers = answers_of(product_) == closing;
    base::Error error =
        base::terminal("Cycle", fmt::format("the product would read its own {}: {}",
                                            answers ? "answers" : "output", fmt::join(names, " <- ")));
    error.location.field = !answers                    ? "spec.sql"
                           : product_.spec.target.http ? "spec.target.http.responseDatasetName"
                                                       : "spec.target.function.responseDatasetName";
    return std::move(error).with_hint(
        answers ? "let them be written to a dataset that nothing it reads is made from"
                : "read the datasets that the first of them is made from");
  }

  // A product on a topic is the dataset of its own name.
  static std::string written(const DatasetName& name, const DataProduct& by) {
    const DatasetName own = own_name(by);
    return name == own ? text_of(name) : text_of(name) + " <- " + text_of(own);
  }

  const DataProduct& product_;
  const Overlay* const overlay_;
  store::ResourceClient& resources_;
  std::map<DatasetName, std::vector<DataProduct>> answering_;
  std::vector<Step> steps_;  // the first is the product
};

}  // namespace

base::Status check_cycle(const DataProduct& product, const Overlay* overlay,
                         store::ResourceClient& resources) {
  return Search(product, overlay, resources).run();
}

}  // namespace offtake::planning
