// The catalogue in memory, to be searched at each keystroke. Every word of a query has to be found somewhere
// in a dataset: as it stands, or without its plural's s; letters compare without regard to case.
//
// One writer or many readers at a time (catalog.h locks). A search looks at every dataset: some milliseconds
// for some thousands. Memory: what a dataset says, cut at kMostText a dataset; columns beyond are found by
// nothing.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/catalog/columns.h"
#include "controlplane/resources/dataset.h"

namespace offtake::catalog {

// One dataset as the catalogue knows it.
struct Entry {
  resources::Dataset dataset;       // without its schema's definition
  bool schema_known = false;        // else `columns` is empty
  std::vector<Column> columns;      // the tree
  std::int64_t column_count = 0;    // of the top level
  std::int64_t products = 0;        // that name it in their SQL
  std::vector<std::string> classifications;  // sorted, each once
};

enum class Facet { kNamespace, kOwner, kTag, kType, kStore, kClassification };
inline constexpr Facet kFacets[] = {Facet::kNamespace, Facet::kOwner, Facet::kTag,
                                    Facet::kType,      Facet::kStore, Facet::kClassification};
std::string_view to_string(Facet facet);  // "namespace"

struct Query {
  std::string words;
  std::map<Facet, std::vector<std::string>> filters;  // any of the values of each
  std::size_t limit = 50;                             // up to kMostItems
  std::string after;                                  // Page::next of the page before
};
inline constexpr std::size_t kMostItems = 200;

enum class MatchedField { kName, kTag, kOwner, kDescription, kColumn };
std::string_view to_string(MatchedField field);

struct Match {
  MatchedField field = MatchedField::kName;
  std::string text;  // cut around what was found, with …
  std::string path;  // of kColumn; `text` is it, or what is said of the column
  // From and up to, in UTF-16 code units of `text`; ascending, apart from each other.
  std::vector<std::pair<int, int>> ranges;
};

struct Hit {
  const Entry* entry = nullptr;
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
  static constexpr std::size_t kMostText = 64 << 10;

  void put(Entry entry);
  void remove(const std::string& key);  // "namespace/name"
  const Entry* find(const std::string& key) const;
  // In the order of their keys.
  void each(const std::function<void(const Entry&)>& visit) const;
  std::size_t size() const { return entries_.size(); }
  // How many products name it; what is not there is passed over.
  void set_products(const std::string& key, std::int64_t count);

  // Pointers in the page live until the next change. Code BadContinue.
  base::Result<Page> search(const Query& query) const;

 private:
  // What can be found of a dataset, folded (fold.h): one text, and where each piece of it is.
  struct Piece {
    MatchedField field = MatchedField::kName;
    std::uint32_t begin = 0, end = 0;
    const std::string* text = nullptr;  // as it stands, in the entry
    const Column* column = nullptr;
  };
  struct Indexed {
    Entry entry;
    std::string folded;
    std::vector<Piece> pieces;
  };
  struct Found;
  static void fold_texts(Indexed& out);
  static std::optional<Found> match(const Indexed& indexed, const std::vector<std::string>& words);

  std::map<std::string, std::unique_ptr<Indexed>> entries_;
};

}  // namespace offtake::catalog
