// What is found: search.yaml. Pages, texts that are cut, and how long a search takes.
#include <doctest/doctest.h>

#include "controlplane/catalog/fold.h"
#include "controlplane/catalog/index.h"
#include "controlplane/catalog/text_match.h"
#include "tests/unit/catalog/data.h"

namespace offtake::catalog {
namespace {

void add_column(std::vector<Column>& columns, std::string_view rest, std::string path,
                const json::Value& said) {
  const auto dot = rest.find('.');
  const std::string name(rest.substr(0, dot));
  path += (path.empty() ? "" : ".") + name;
  auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
  if (found == columns.end()) {
    Column made;
    made.name = name;
    made.path = path;
    columns.push_back(std::move(made));
    found = columns.end() - 1;
  }
  if (dot != std::string_view::npos) return add_column(found->children, rest.substr(dot + 1), path, said);
  found->description = said.string_or("description");
  found->doc = said.string_or("doc");
}

std::shared_ptr<const Entry> entry_of(const json::Value& said) {
  auto out = std::make_shared<Entry>();
  resources::Dataset& dataset = out->dataset;
  dataset.metadata.name = said.string_or("name");
  dataset.metadata.namespace_name = said.string_or("namespace");
  dataset.spec.owner = said.string_or("owner");
  dataset.spec.description = said.string_or("description");
  dataset.spec.tags = texts(said["tags"]);
  dataset.spec.source.event_store_name = said.string_or("store");
  if (said.string_or("type") == "Entity") dataset.spec.type = resources::DatasetType::kEntity;
  for (const json::Value& column : said["columns"].as_array()) {
    add_column(out->columns, column.string_or("path"), "", column);
    if (const std::string classification = column.string_or("classification"); !classification.empty())
      dataset.spec.columns.push_back({column.string_or("path"), "", classification});
  }
  out->schema_known = true;
  return out;
}

// Of ASCII and Latin texts: byte offsets of UTF-16 ones.
std::string marked(const Match& match) {
  std::string out;
  int at = 0;
  for (std::size_t i = 0; i < match.text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(match.text[i]);
    const bool begins = (byte & 0xC0U) != 0x80;
    for (const auto& [from, to] : match.ranges) {
      if (begins && at == to) out += ']';
      if (begins && at == from) out += '[';
    }
    out += match.text[i];
    if (begins) ++at;
  }
  for (const auto& [from, to] : match.ranges) {
    if (to == at) out += ']';
  }
  return fmt::format("{}{}: {}", to_string(match.field), match.path.empty() ? "" : " " + match.path, out);
}

Facet facet_of(const std::string& name) {
  for (const Facet facet : kFacets) {
    if (to_string(facet) == name) return facet;
  }
  FAIL("no facet " << name);
  return Facet::kOwner;
}

std::string listed(const std::vector<std::string>& all) {
  return fmt::format("{}", fmt::join(all, " | "));
}

std::vector<std::string> names_of(const Page& page) {
  std::vector<std::string> out;
  for (const Hit& hit : page.hits) out.push_back(hit.entry->dataset.metadata.name);
  return out;
}

Page found(const Index& index, const Query& query) {
  auto page = index.search(query);
  if (!page.ok()) FAIL(page.error().text());
  return *std::move(page);
}

}  // namespace

TEST_CASE("searches find what search.yaml says") {
  const json::Value file = read("search.yaml");
  Index index;
  for (const json::Value& dataset : file["datasets"].as_array()) {
    const auto entry = entry_of(dataset);
    index.put(entry);
    index.set_products(entry->dataset.metadata.key(), dataset.int_or("products"));
  }
  for (const json::Value& one : file["cases"].as_array()) {
    SUBCASE(one.string_or("title").c_str()) {
      Query query;
      query.words = one.string_or("q");
      if (const json::Value& filters = one["filters"]; filters.is_object()) {
        for (const auto& [name, values] : filters.as_object()) query.filters[facet_of(name)] = texts(values);
      }
      const Page page = found(index, query);
      CHECK(listed(names_of(page)) == listed(texts(one["finds"])));
      CHECK(page.total == static_cast<std::int64_t>(one["finds"].as_array().size()));
      if (one.find("of") != nullptr) {
        const auto hit = std::find_if(page.hits.begin(), page.hits.end(), [&](const Hit& candidate) {
          return candidate.entry->dataset.metadata.name == one.string_or("of");
        });
        REQUIRE(hit != page.hits.end());
        std::vector<std::string> matches;
        for (const Match& match : hit->matches) matches.push_back(marked(match));
        CHECK(listed(matches) == listed(texts(one["matches"])));
      }
      if (const json::Value& facets = one["facets"]; facets.is_object()) {
        for (const auto& [name, values] : facets.as_object()) {
          std::vector<std::string> counted;
          for (const FacetValue& value : page.facets.at(facet_of(name)))
            counted.push_back(fmt::format("{} {}", value.value, value.count));
          CHECK_MESSAGE(listed(counted) == listed(texts(values)), name);
        }
      }
    }
  }
}

namespace {

// As a large company has them: 24 columns each, most of them described.
void fill(Index& index, int datasets) {
  const char* nouns[] = {"order",   "customer", "payment", "shipment",
                         "invoice", "ledger",   "product", "session"};
  const char* kinds[] = {"created", "changed", "daily", "archived", "returned"};
  for (int i = 0; i < datasets; ++i) {
    auto entry = std::make_shared<Entry>();
    resources::Dataset& dataset = entry->dataset;
    dataset.metadata.name = fmt::format("{}s-{}-{}", nouns[i % 8], kinds[i % 5], i);
    dataset.metadata.namespace_name = fmt::format("team-{}", i % 40);
    dataset.spec.owner = fmt::format("owner-{}", i % 60);
    dataset.spec.description = fmt::format(
        "Every {} that was {} in one of the shops, with what the till and the warehouse say of it; kept for "
        "{} days and joined by whoever needs it.",
        nouns[i % 8], kinds[i % 5], i % 400);
    dataset.spec.tags = {i % 3 == 0 ? "core" : "derived", nouns[(i + 3) % 8]};
    dataset.spec.source.event_store_name = "main";
    for (int c = 0; c < 24; ++c) {
      Column column;
      column.name = column.path =
          fmt::format("{}_{}_{}", nouns[(i + c) % 8], c % 2 == 0 ? "id" : "amount", c);
      column.description = fmt::format("What the {} system says of it when the record is written, number {}",
                                       nouns[(i * 3 + c) % 8], c);
      entry->columns.push_back(std::move(column));
    }
    index.put(std::move(entry));
  }
}

}  // namespace

TEST_CASE("pages follow each other without gap or repetition, also when the catalogue changes") {
  Index index;
  fill(index, 500);
  Query query;
  query.words = "order";
  query.limit = 200;
  std::vector<std::string> all;
  for (;;) {
    const Page page = found(index, query);
    for (const auto& name : names_of(page)) all.push_back(name);
    if (page.next.empty()) break;
    query.after = page.next;
  }
  CHECK(static_cast<std::int64_t>(all.size()) == found(index, {"order", {}, 1, ""}).total);

  query = {"order", {}, 7, ""};
  std::vector<std::string> paged;
  for (int pages = 0;; ++pages) {
    const Page page = found(index, query);
    for (const auto& name : names_of(page)) paged.push_back(name);
    if (page.next.empty()) break;
    query.after = page.next;
    // What was seen already goes away: nothing behind it is passed over.
    if (pages == 3) index.remove(page.hits.front().entry->dataset.metadata.key());
  }
  CHECK(paged == all);
  for (const char* bad : {"x", "MTIz", "LTEKYQ", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAKYQ"}) {
    query.after = bad;
    CHECK(index.search(query).error().code == "BadContinue");
  }
}

TEST_CASE("long texts are cut around what was found") {
  const std::string text =
      "A long sentence begins here and goes on for quite a while before it comes to the point that matters, "
      "which is the naïve Ключ, and goes on for as long again after it, so that both ends of it have to be "
      "left out of what is shown to people.";
  const Snippet cut = snippet(text, places(fold(text), {"ключ", "naïve"}));
  CHECK(cut.text.starts_with("…"));
  CHECK(cut.text.ends_with("…"));
  CHECK(cut.text.size() < 180);
  // Cyrillic letters do not fold: only what was written in small letters is found.
  REQUIRE(cut.ranges.size() == 1);
  CHECK(cut.ranges[0].second - cut.ranges[0].first == 5);
  const Snippet wide = snippet("😀 order", places("😀 order", {"order"}));
  CHECK(wide.ranges == std::vector<std::pair<int, int>>{{3, 8}});
  CHECK(snippet("a\nb\tc", {}).text == "a b c");
}

TEST_CASE("a keystroke's search over 2,000 datasets takes little more with three words than with a letter") {
  Index index;
  fill(index, 2'000);
  const auto milliseconds = [&](const char* words) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 9; ++i) {
      const auto began = std::chrono::steady_clock::now();
      found(index, {words, {}, 50, ""});
      best = std::min(best, std::chrono::steady_clock::now() - began);
    }
    return std::chrono::duration<double, std::milli>(best).count();
  };
  const double letter = milliseconds("o");
  for (const char* words : {"or", "order", "order ware", "shipment till amount_7", "nowhere"}) {
    const double searching = milliseconds(words);
    MESSAGE(fmt::format("`{}`: {:.1f} ms, one letter: {:.1f} ms", words, searching, letter));
    CHECK(searching < 20 * letter);
  }
}

}  // namespace offtake::catalog
