// The catalogue in memory, to be searched at each keystroke. Every word of a query has to be found somewhere
// in a dataset, as it stands or without its plural's s; letters compare without regard to case.
//
// One writer or many readers at a time (catalog.h locks); what a search gives stays as it was. A search looks
// at every dataset: a millisecond or two for a thousand. Memory: what can be found of a dataset is cut at
// kMostText.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/catalog/columns.h"
#include "controlplane/resources/dataset.h"

namespace offtake::catalog {

// One dataset as the catalogue knows it.
struct Entry {
  resources::Dataset dataset;  // without its schema's definition
  bool schema_known = false;   // else `columns` is empty
  std::string schema_problem;  // why the schema that is known has no columns
  int schema_version = 0;      // of `columns`; 0: not registered yet
  std::vector<Column> columns;
};
// Of the columns, or of what the Dataset says of them; sorted, each once.
std::vector<std::string> classifications_of(const Entry& entry);

enum class Facet { kNamespace, kOwner, kTag, kType, kStore, kClassification };
inline constexpr Facet kFacets[] = {Facet::kNamespace, Facet::kOwner, Facet::kTag,
                                    Facet::kType,      Facet::kStore, Facet::kClassification};
std::string_view to_string(Facet facet);  // "namespace"

struct Query {
  std::string words;
  std::map<Facet, std::vector<std::string>> filters;  // any of the values of each
  std::size_t limit = 50;                             // 1 to kMostItems
  std::string after;                                  // Page::next of the page before
};
inline constexpr std::size_t kMostItems = 200;

enum class MatchedField { kName, kTag, kOwner, kColumn, kDescription };
std::string_view to_string(MatchedField field);

struct Match {
  MatchedField field = MatchedField::kName;
  std::string text;  // cut around what was found, with …
  std::string path;  // of kColumn; `text` is it, or what is said of the column
  // From and up to, in UTF-16 code units of `text`; ascending, apart from each other.
  std::vector<std::pair<int, int>> ranges;
};

struct Hit {
  std::shared_ptr<const Entry> entry;
  std::int64_t products = 0;
  std::vector<Match> matches;  // best first, at most 5
};

struct FacetValue {
  std::string value;
  std::int64_t count = 0;
};

struct Page {
  std::vector<Hit> hits;
  std::int64_t total = 0;  // on all pages
  std::string next;        // empty: that is all
  std::map<Facet, std::vector<FacetValue>> facets;
};

class Index {
 public:
  static constexpr std::size_t kMostText = 48 << 10;

  Index();
  ~Index();
  void put(std::shared_ptr<const Entry> entry);
  void remove(const std::string& key);  // "namespace/name"
  void clear() { slots_.clear(); }
  std::shared_ptr<const Entry> find(const std::string& key) const;  // null: not there
  std::vector<std::shared_ptr<const Entry>> all() const;            // in the order of their keys
  // How many products name it. Kept also while there is no such dataset.
  void set_products(const std::string& key, std::int64_t count);
  std::int64_t products(const std::string& key) const;

  // Code BadContinue.
  base::Result<Page> search(const Query& query) const;

 private:
  struct Indexed;
  std::map<std::string, std::shared_ptr<const Indexed>> slots_;
  std::map<std::string, std::int64_t> products_;
};

}  // namespace offtake::catalog
