#include "controlplane/catalog/index.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/crypto/crypto.h"
#include "controlplane/catalog/fold.h"
#include "controlplane/catalog/text_match.h"

namespace offtake::catalog {
namespace {

constexpr std::size_t kMostMatches = 5, kMostFacetValues = 50;

// What a word is worth where it was found.
int weight(MatchedField field, bool is_path) {
  switch (field) {
    case MatchedField::kName:
      return 100;
    case MatchedField::kTag:
      return 50;
    case MatchedField::kOwner:
      return 40;
    case MatchedField::kColumn:
      return is_path ? 45 : 20;
    case MatchedField::kDescription:
      return 25;
  }
  return 0;
}

bool is_within(std::string_view classification, std::string_view wanted) {
  return classification.starts_with(wanted) &&
         (classification.size() == wanted.size() || classification[wanted.size()] == '.');
}

}  // namespace

// What can be found of a dataset, folded, in one text: what is not in it is in none of its pieces.
struct Index::Indexed {
  struct Piece {
    MatchedField field = MatchedField::kName;
    bool is_path = false;
    std::uint32_t begin = 0, end = 0;
    const std::string* text = nullptr;  // in the entry
    const Column* column = nullptr;
  };
  std::shared_ptr<const Entry> entry;
  std::string key, folded;
  std::vector<Piece> pieces;
  std::vector<std::string> classifications;

  std::string_view folded_piece(const Piece& piece) const {
    return std::string_view(folded).substr(piece.begin, piece.end - piece.begin);
  }

  void add(MatchedField field, const std::string& text, const Column* column = nullptr) {
    if (text.empty() || folded.size() + text.size() > kMostText) return;
    Piece piece{field, column != nullptr && &text == &column->path, 0, 0, &text, column};
    piece.begin = static_cast<std::uint32_t>(folded.size());
    folded += fold(text);
    piece.end = static_cast<std::uint32_t>(folded.size());
    folded += '\n';
    pieces.push_back(piece);
  }

  explicit Indexed(std::shared_ptr<const Entry> made) : entry(std::move(made)) {
    const resources::Dataset& dataset = entry->dataset;
    key = dataset.metadata.key();
    classifications = classifications_of(*entry);
    add(MatchedField::kName, dataset.metadata.name);
    for (const auto& tag : dataset.spec.tags) add(MatchedField::kTag, tag);
    add(MatchedField::kOwner, dataset.spec.owner);
    add(MatchedField::kDescription, dataset.spec.description);
    const auto columns = flattened(entry->columns);
    for (const Column* column : columns) add(MatchedField::kColumn, column->path, column);
    for (const Column* column : columns) {
      add(MatchedField::kColumn, column->description, column);
      if (column->doc != column->description) add(MatchedField::kColumn, column->doc, column);
    }
    folded.shrink_to_fit();
    pieces.shrink_to_fit();
  }

  // The worth of all words together; 0: one of them is not there.
  std::int64_t score(const std::vector<std::string>& words) const {
    std::int64_t out = 0;
    for (const std::string& word : words) {
      if (folded.find(stem(word)) == std::string::npos) return 0;
      int best = 0;
      for (const Piece& piece : pieces) {
        const int most = weight(piece.field, piece.is_path);
        if (most * 4 <= best) continue;
        best = std::max(best, most * fit(folded_piece(piece), word));
      }
      if (best == 0) return 0;
      out += best;
    }
    return out;
  }

  std::vector<Match> matches(const std::vector<std::string>& words) const {
    std::vector<std::pair<int, const Piece*>> found;
    for (const Piece& piece : pieces) {
      int worth = 0;
      for (const std::string& word : words)
        worth += weight(piece.field, piece.is_path) * fit(folded_piece(piece), word);
      if (worth > 0) found.emplace_back(worth, &piece);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    if (found.size() > kMostMatches) found.resize(kMostMatches);
    std::vector<Match> out;
    for (const auto& [worth, piece] : found) {
      Snippet cut = snippet(*piece->text, places(folded_piece(*piece), words));
      out.push_back({piece->field, std::move(cut.text), piece->column != nullptr ? piece->column->path : "",
                     std::move(cut.ranges)});
    }
    return out;
  }

  // Calls `with` for each of its values of the facet.
  template <class With>
  void each_value(Facet facet, const With& with) const {
    const resources::Dataset& dataset = entry->dataset;
    const auto one = [&](std::string_view value) {
      if (!value.empty()) with(value);
    };
    switch (facet) {
      case Facet::kNamespace:
        return one(dataset.metadata.namespace_name);
      case Facet::kOwner:
        return one(dataset.spec.owner);
      case Facet::kType:
        return one(resources::text_of(dataset.spec.type));
      case Facet::kStore:
        return one(dataset.spec.source.event_store_name);
      case Facet::kTag:
        for (const auto& tag : dataset.spec.tags) one(tag);
        return;
      case Facet::kClassification:
        for (const auto& value : classifications) one(value);
        return;
    }
  }

  bool passes(Facet facet, const std::vector<std::string>& wanted) const {
    bool found = false;
    each_value(facet, [&](std::string_view value) {
      for (const auto& one : wanted)
        found = found || (facet == Facet::kClassification ? is_within(value, one) : value == one);
    });
    return found;
  }
};

namespace {

struct Place {
  std::int64_t score = 0;
  std::string key;
};

base::Result<std::optional<Place>> read_place(const std::string& token) {
  if (token.empty()) return std::optional<Place>();
  const base::Error bad = base::terminal("BadContinue", "continue is not from a page of this catalogue");
  auto text = crypto::base64_url_decode(token);
  if (!text) return bad;
  const auto line = text->find('\n');
  if (line == std::string::npos || line == 0 || line > 18 || text->find_first_not_of("0123456789") != line) {
    return bad;
  }
  return std::optional<Place>(Place{std::stoll(text->substr(0, line)), text->substr(line + 1)});
}

std::string place_text(std::int64_t score, const std::string& key) {
  return crypto::base64_url(fmt::format("{}\n{}", score, key));
}

using Counts = std::unordered_map<std::string_view, std::int64_t>;

std::vector<FacetValue> sorted(const Counts& counts, const std::vector<std::string>* chosen) {
  std::vector<FacetValue> out;
  out.reserve(counts.size());
  for (const auto& [value, count] : counts) out.push_back({std::string(value), count});
  std::sort(out.begin(), out.end(), [](const FacetValue& a, const FacetValue& b) {
    return std::pair(-a.count, std::string_view(a.value)) < std::pair(-b.count, std::string_view(b.value));
  });
  const auto is_chosen = [&](const std::string& value) {
    return chosen != nullptr && std::find(chosen->begin(), chosen->end(), value) != chosen->end();
  };
  std::vector<FacetValue> kept;
  for (FacetValue& value : out) {
    if (kept.size() < kMostFacetValues || is_chosen(value.value)) kept.push_back(std::move(value));
  }
  // What was chosen can be given up, also where nothing has it any more.
  if (chosen == nullptr) return kept;
  for (const std::string& value : *chosen) {
    const auto same = [&](const FacetValue& one) { return one.value == value; };
    if (std::none_of(kept.begin(), kept.end(), same)) kept.push_back({value, 0});
  }
  return kept;
}

}  // namespace

std::string_view to_string(Facet facet) {
  switch (facet) {
    case Facet::kNamespace:
      return "namespace";
    case Facet::kOwner:
      return "owner";
    case Facet::kTag:
      return "tag";
    case Facet::kType:
      return "type";
    case Facet::kStore:
      return "store";
    case Facet::kClassification:
      return "classification";
  }
  return "";
}

std::string_view to_string(MatchedField field) {
  switch (field) {
    case MatchedField::kName:
      return "name";
    case MatchedField::kTag:
      return "tag";
    case MatchedField::kOwner:
      return "owner";
    case MatchedField::kColumn:
      return "column";
    case MatchedField::kDescription:
      return "description";
  }
  return "";
}

std::vector<std::string> classifications_of(const Entry& entry) {
  std::set<std::string> out;
  for (const auto& note : entry.dataset.spec.columns) {
    if (!note.classification.empty()) out.insert(note.classification);
  }
  return {out.begin(), out.end()};
}

Index::Index() = default;
Index::~Index() = default;

void Index::put(std::shared_ptr<const Entry> entry) {
  auto indexed = std::make_shared<const Indexed>(std::move(entry));
  slots_[indexed->key] = indexed;
}

void Index::remove(const std::string& key) {
  slots_.erase(key);
}

std::shared_ptr<const Entry> Index::find(const std::string& key) const {
  const auto found = slots_.find(key);
  return found == slots_.end() ? nullptr : found->second->entry;
}

std::vector<std::shared_ptr<const Entry>> Index::all() const {
  std::vector<std::shared_ptr<const Entry>> out;
  out.reserve(slots_.size());
  for (const auto& [key, indexed] : slots_) out.push_back(indexed->entry);
  return out;
}

void Index::set_products(const std::string& key, std::int64_t count) {
  if (count == 0) {
    products_.erase(key);
  } else {
    products_[key] = count;
  }
}

std::int64_t Index::products(const std::string& key) const {
  const auto found = products_.find(key);
  return found == products_.end() ? 0 : found->second;
}

base::Result<Page> Index::search(const Query& query) const {
  auto after = read_place(query.after);
  if (!after) return std::move(after).error();
  const std::vector<std::string> words = words_of(query.words);
  struct Found {
    std::int64_t score;
    const Indexed* indexed;
  };
  std::vector<Found> found;
  std::map<Facet, Counts> counts;
  for (const auto& [key, indexed] : slots_) {
    const std::int64_t used = std::min<std::int64_t>(products(key), 999);
    std::int64_t score = used;
    if (!words.empty()) {
      const std::int64_t worth = indexed->score(words);
      if (worth == 0) continue;
      score = worth * 1'000 + used;
    }
    // A value of a facet counts where every other filter is passed.
    std::optional<Facet> failed;
    int failures = 0;
    for (const auto& [facet, wanted] : query.filters) {
      if (wanted.empty() || indexed->passes(facet, wanted)) continue;
      failed = facet;
      ++failures;
    }
    if (failures > 1) continue;
    for (const Facet facet : kFacets) {
      if (failures == 1 && facet != *failed) continue;
      Counts& of = counts[facet];
      indexed->each_value(facet, [&](std::string_view value) { ++of[value]; });
    }
    if (failures == 0) found.push_back({score, indexed.get()});
  }
  Page out;
  out.total = static_cast<std::int64_t>(found.size());
  for (const Facet facet : kFacets) {
    const auto chosen = query.filters.find(facet);
    out.facets[facet] = sorted(counts[facet], chosen == query.filters.end() ? nullptr : &chosen->second);
  }
  const auto before = [](const Found& a, const Found& b) {
    return a.score != b.score ? a.score > b.score : a.indexed->key < b.indexed->key;
  };
  if (*after) {
    std::erase_if(found, [&](const Found& one) {
      return one.score > (*after)->score ||
             (one.score == (*after)->score && one.indexed->key <= (*after)->key);
    });
  }
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMostItems);
  const bool more = found.size() > limit;
  const std::size_t shown = std::min(limit, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(shown), found.end(), before);
  found.resize(shown);
  for (const Found& one : found) {
    Hit& hit = out.hits.emplace_back();
    hit.entry = one.indexed->entry;
    hit.products = products(one.indexed->key);
    if (!words.empty()) hit.matches = one.indexed->matches(words);
  }
  if (more) out.next = place_text(found.back().score, found.back().indexed->key);
  return out;
}

}  // namespace offtake::catalog
