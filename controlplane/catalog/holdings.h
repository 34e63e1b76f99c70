// What the catalogue holds in memory: datasets with their schemas, indexed, and the products that name them.
// One thread at a time (catalog.h locks). Asks nobody but the resource client.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controlplane/catalog/follower.h"
#include "controlplane/catalog/index.h"
#include "controlplane/resources/data_product.h"
#include "controlplane/resources/dataset.h"
#include "controlplane/sql/compile.h"

namespace offtake::catalog {

// Schemas as texts; of a dataset that is not registered yet its definition, with version 0.
struct SchemaTexts {
  std::string value, key;  // Avro; `key` is empty where the record keys' schema is not needed or not there
  int version = 0, id = 0;
  friend bool operator==(const SchemaTexts&, const SchemaTexts&) = default;
};

struct HeldProduct {
  resources::DataProduct product;
  std::vector<std::string> reads;  // keys of the datasets that its SQL names, each once
  std::vector<std::string>
      writes;  // of those that it writes or its receiver answers to, as far as it says so
};

class Holdings {
 public:
  // Schemas that would take more than `most_bytes` together are not kept: of what comes last only what the
  // Dataset itself says is known, and Entry::schema_problem says why.
  explicit Holdings(store::ResourceClient& resources, std::size_t most_bytes = std::size_t{256} << 20)
      : datasets_(resources), products_(resources), most_bytes_(most_bytes) {}

  base::Status catch_up();

  const Index& index() const { return index_; }
  // Null: not there, or nothing is known of it.
  std::shared_ptr<const SchemaTexts> schema(const std::string& key) const;
  std::shared_ptr<const HeldProduct> product(const std::string& key) const;
  std::vector<std::shared_ptr<const HeldProduct>> users(const std::string& dataset) const;
  // The product that writes the dataset; null: none.
  std::shared_ptr<const HeldProduct> producer(const std::string& dataset) const;

  // Datasets whose newest schema was not asked for since it changed; each is given once.
  std::vector<std::string> take_unasked();
  void ask_again(const std::string& key);
  // Of a subject; what is there no longer is passed over.
  void set_schema(const std::string& key, const std::string& subject, SchemaTexts texts);

 private:
  struct Held {
    std::shared_ptr<const resources::Dataset> dataset;  // without its definition
    std::shared_ptr<const SchemaTexts> schema;
    std::string asked_for;  // subject and version that were asked for last
    std::size_t bytes = 0;  // that its schema takes, about
  };
  void change_dataset(const std::string& key, std::unique_ptr<resources::Dataset> dataset);
  void change_product(const std::string& key, std::unique_ptr<resources::DataProduct> product);
  void name_datasets(const std::string& product, const HeldProduct* before, const HeldProduct* now);
  void enter(Held& held);
  void drop(const std::string& key);

  Follower<resources::Dataset> datasets_;
  Follower<resources::DataProduct> products_;
  Index index_;
  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;  // of all that is held
  std::map<std::string, Held> held_;
  std::map<std::string, std::shared_ptr<const HeldProduct>> held_products_;
  std::map<std::string, std::set<std::string>> users_;      // dataset -> products
  std::map<std::string, std::set<std::string>> producers_;  // likewise, by what products say
  std::set<std::string> unasked_;
};

}  // namespace offtake::catalog
