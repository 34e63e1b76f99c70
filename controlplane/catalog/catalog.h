// The catalogue: what datasets there are, what is in them, who reads them, what comes from what.
//
// Resources are followed by watches and kept in memory, so a search asks nobody. What event stores and
// registries say (schemas, figures, versions) is asked for on a thread for each store and kept for a while:
// what is not known yet is absent. Thread-safe.
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "controlplane/catalog/figures.h"
#include "controlplane/catalog/holdings.h"
#include "controlplane/catalog/reads.h"
#include "controlplane/catalog/relationships.h"
#include "controlplane/catalog/store_threads.h"
#include "controlplane/catalog/trace.h"
#include "controlplane/catalog/versions.h"
#include "controlplane/platform/platform.h"

namespace offtake::catalog {

// One dataset for somebody who looks at it.
struct Item {
  Hit hit;
  std::shared_ptr<const Figures> figures;  // null: not known
  base::Status readable;                   // AccessDenied says why not
};

struct Answer {
  std::vector<Item> items;
  std::int64_t total = 0;
  std::string next;
  std::map<Facet, std::vector<FacetValue>> facets;
};

struct Related {
  Relationship relationship;
  base::Status readable;
};
struct UsedBy {
  std::shared_ptr<const HeldProduct> product;
  std::shared_ptr<const ColumnsRead> reads;  // null: not known
};

// One dataset in full.
struct Detail {
  Item item;
  std::vector<SchemaVersion> versions;  // the newest 20, newest first
  std::int64_t versions_total = 0;
  std::vector<Related> relationships;
  std::vector<UsedBy> used_by;                  // at most 100
  std::shared_ptr<const HeldProduct> producer;  // null: none of ours
  std::vector<std::string> pending;             // not answered yet: schema, versions, figures
  std::vector<std::string> unavailable;         // why something is not there, in sentences
};

enum class NodeKind { kDataset, kProduct, kTarget };
struct LineageNode {
  TracedNode place;
  NodeKind kind = NodeKind::kDataset;
  std::string namespace_name, name;            // of a target the product's
  std::shared_ptr<const Entry> entry;          // of a dataset; null: it is not there
  std::shared_ptr<const HeldProduct> product;  // of a product or a target; null: it is not there
  base::Status readable;                       // of a dataset
};
struct LineageEdge {
  std::string from, to;
  std::vector<std::string> columns;  // that a product reads; empty: not known, or it reads nothing
};
struct Lineage {
  std::vector<LineageNode> nodes;  // the root first
  std::vector<LineageEdge> edges;
  bool truncated = false;
};
inline constexpr int kLineageSteps = 2;
inline constexpr std::size_t kMostLineageNodes = 60;

class Catalog {
 public:
  // REQUIRES: what is given outlives it.
  Catalog(store::ResourceClient& resources, platform::Platform& platform, const base::Clock& clock);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // `reader`: the namespace whose products would read; empty: each dataset's own. Codes BadContinue, and what
  // the resource client says.
  base::Result<Answer> search(const Query& query, const std::string& reader);
  // Waits a second and a half at most for what has not been asked for yet. Code NotFound.
  base::Result<Detail> dataset(const std::string& namespace_name, const std::string& name,
                               const std::string& reader);
  // Of what is in memory, so soon after the start not all of them. None for a dataset that is not there.
  base::Result<std::vector<Related>> relationships(const std::string& namespace_name, const std::string& name,
                                                   const std::string& reader);
  // Around a dataset or a product. Code NotFound.
  base::Result<Lineage> lineage(NodeKind kind, const std::string& namespace_name, const std::string& name,
                                const std::string& reader);

 private:
  using Labels = std::map<std::string, std::string>;
  struct Measured {
    std::shared_ptr<const Figures> figures;
    std::chrono::steady_clock::time_point at{}, succeeded{};  // the last attempt and success
    std::string problem;                                      // of the last attempt; empty: none
  };
  struct Versions {
    std::vector<SchemaVersion> history;
    std::int64_t total = 0;
    int newest = 0;  // that the history shows
    std::chrono::steady_clock::time_point at{};
    std::string problem;
  };
  struct Reads {
    std::string stamp;  // of the product's spec and the schemas it was planned over
    std::shared_ptr<const ColumnsRead> columns;
  };
  void tick(const std::stop_token& stop);
  base::Result<Labels> labels_of(const std::string& reader);
  static base::Status may_read(const Entry& entry, const std::string& reader, const Labels& labels);
  base::Status catch_up();                      // under mutex_
  void ask_for_schema(const std::string& key);  // under mutex_
  void fetch_schema(const std::string& key, const resources::Dataset& dataset);
  std::shared_ptr<const Figures> figures_of(const resources::Dataset& dataset);  // under mutex_
  void measure_topic(const std::string& key, const resources::Dataset& dataset);
  void ask_for_versions(const Entry& entry);  // under mutex_
  void fetch_versions(const std::string& key, const resources::Dataset& dataset);
  void note_what_is_missing(const Entry& entry, Detail& out);  // under mutex_
  bool is_settled(const std::string& key);                     // under mutex_
  Neighbours neighbours(const std::string& id);                // under mutex_
  // With their caches; `lock` holds mutex_ and is given back while one is planned.
  std::vector<std::shared_ptr<const ColumnsRead>> reads_of(
      const std::vector<std::shared_ptr<const HeldProduct>>& products, std::unique_lock<std::mutex>& lock);
  base::Result<resources::EventStore> store_of(const resources::Dataset& dataset);

  store::ResourceClient& resources_;
  platform::Platform& platform_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;  // something was answered
  Holdings holdings_;
  std::map<std::string, Measured> measured_;                                 // by store and topic
  std::multimap<std::chrono::steady_clock::time_point, std::string> again_;  // schemas to be asked for again
  std::map<std::string, std::string> schema_problems_;                       // by dataset
  std::map<std::string, Versions> versions_;                                 // by store and subject
  std::map<std::string, Reads> reads_;                                       // by product
  StoreThreads threads_;
  std::jthread ticker_;
};

}  // namespace offtake::catalog
