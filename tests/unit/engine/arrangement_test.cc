#include "operators/engine/arrangement.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "tests/unit/engine/plan_builder.h"

namespace offtake::engine::testing {
namespace {

std::vector<types::Type> types_of(const std::string& text) {
  std::vector<types::Type> out;
  for (const types::Field& field : fields(text)) out.push_back(field.type);
  return out;
}

types::Batch one_row(const std::vector<types::Type>& types, const std::vector<std::string>& values) {
  types::Batch out;
  out.rows = 1;
  for (std::size_t i = 0; i < types.size(); ++i) {
    types::ColumnBuilder builder(types[i]);
    if (values[i] == "NULL") {
      builder.append_null();
    } else {
      REQUIRE(types::append_parsed(builder, values[i]).ok());
    }
    out.columns.push_back(builder.finish());
  }
  return out;
}

// The same content in the standard library's containers.
using Model = std::map<std::string, std::map<std::string, std::int64_t>>;  // key -> row -> weight

void check_equal(const Arrangement& arrangement, const Model& model) {
  std::size_t rows = 0;
  for (const auto& [key, of_key] : model) rows += of_key.size();
  REQUIRE(arrangement.rows() == rows);
  std::map<std::string, std::int64_t> expected;
  for (const auto& [key, of_key] : model) {
    for (const auto& [row, weight] : of_key) expected[row] = weight;
  }
  std::map<std::string, std::int64_t> found;
  arrangement.for_each([&](RowRef ref) {
    const char* const packed[] = {arrangement.payload(ref)};
    std::string text;
    for (const auto& column : arrangement.layout().gather(packed))
      text += types::value_text(*column, 0) + "|";
    found[text] += arrangement.weight(ref);
  });
  CHECK(found == expected);
}

}  // namespace

TEST_CASE("an arrangement holds what was added, through long chains, holes and moved rows") {
  const auto types = types_of("key:numeric name:text value:bigint");
  for (unsigned seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Arrangement arrangement(types, {0}, 8);
    Model model;
    const unsigned keys = seed % 2 == 0 ? 3 : 400;  // few keys: long chains
    std::int64_t marks = 0;
    for (int i = 0; i < 6000; ++i) {
      const std::string key = std::to_string(random() % keys) + (random() % 2 ? ".0" : "");
      const std::string canonical = key.substr(0, key.find('.'));
      const std::vector<std::string> values = {
          key, random() % 9 == 0 ? "NULL" : std::string(random() % 30, 'x'), std::to_string(random() % 4)};
      std::string text;
      for (const auto& value : values) text += value + "|";
      const types::Batch row = one_row(types, values);
      std::int64_t& weight = model[canonical][text];
      const std::int64_t delta = weight > 0 && random() % 5 < 3 ? -weight : 1;
      auto added = arrangement.add(row.columns, 0, types::hash_rows(row, arrangement.key())[0], delta, 1);
      REQUIRE(added.ok());
      CHECK(added->before == weight);
      weight += delta;
      if (weight == 0) {
        CHECK(added->ref == 0);
        model[canonical].erase(text);
      } else {
        CHECK(arrangement.weight(added->ref) == weight);
        if (added->before == 0) {
          CHECK(*reinterpret_cast<std::int64_t*>(arrangement.extra(added->ref)) == 0);
          *reinterpret_cast<std::int64_t*>(arrangement.extra(added->ref)) = ++marks;
        }
      }
      if (i % 50 == 0) arrangement.maintain();
      if (i % 1500 == 0) check_equal(arrangement, model);
      // All rows of a key, by any spelling of it.
      if (i % 20 == 0) {
        std::size_t count = 0;
        const types::Batch probe = one_row({types[0]}, {canonical + ".00"});
        const int column[] = {0};
        for (RowRef at = arrangement.first(probe.columns, column, 0, types::hash_rows(probe, column)[0]);
             at != 0; at = arrangement.next(at)) {
          ++count;
        }
        CHECK(count == model[canonical].size());
      }
    }
    check_equal(arrangement, model);
  }
}

TEST_CASE("memory stays bounded where rows come and go") {
  const auto types = types_of("key:bigint text:text");
  Arrangement arrangement(types, {0});
  const auto put = [&](int key, int version, std::int64_t weight) {
    const types::Batch row =
        one_row(types, {std::to_string(key), std::string(80, static_cast<char>('a' + version % 26))});
    REQUIRE(arrangement.add(row.columns, 0, types::hash_rows(row, arrangement.key())[0], weight, 1).ok());
  };
  constexpr int kKeys = 3000;
  for (int key = 0; key < kKeys; ++key) put(key, 0, 1);
  const std::size_t filled = arrangement.bytes();
  std::mt19937 random(1);
  std::vector<int> version(kKeys, 0);
  for (int i = 0; i < 20000; ++i) {
    const int key = static_cast<int>(random() % kKeys);
    put(key, version[key], -1);
    put(key, ++version[key], 1);
    if (i % 100 == 0) arrangement.maintain();
  }
  arrangement.maintain();
  CHECK(arrangement.rows() == kKeys);
  CHECK(arrangement.bytes() < filled * 4);
  for (int key = 0; key < kKeys; ++key) put(key, version[key], -1);
  CHECK(arrangement.rows() == 0);
}

TEST_CASE("a row larger than a page has a page of its own") {
  const auto types = types_of("key:bigint text:text");
  Arrangement arrangement(types, {0});
  const std::string large(3 << 20, 'x');
  for (const char* key : {"1", "2"}) {
    const types::Batch row = one_row(types, {key, large});
    REQUIRE(arrangement.add(row.columns, 0, types::hash_rows(row, arrangement.key())[0], 1, 1).ok());
  }
  CHECK(arrangement.bytes() > std::size_t{6} << 20);
  arrangement.for_each(
      [&](RowRef ref) { CHECK(arrangement.layout().text(arrangement.payload(ref), 1) == large); });
  const types::Batch row = one_row(types, {"1", large});
  REQUIRE(arrangement.add(row.columns, 0, types::hash_rows(row, arrangement.key())[0], -1, 1).ok());
  CHECK(arrangement.bytes() < std::size_t{4} << 20);
}

TEST_CASE("state per row stays close to the payload") {
  // A join side of 100 bytes: 8 + 8 + 84.
  const auto types = types_of("key:bigint other:bigint text:text");
  constexpr std::size_t kRows = 30000;
  Arrangement arrangement(types, {0});
  types::ColumnBuilder keys{types[0]};
  types::ColumnBuilder others{types[1]};
  types::ColumnBuilder texts{types[2]};
  for (std::size_t i = 0; i < kRows; ++i) {
    keys.append(static_cast<std::int64_t>(i));
    others.append(static_cast<std::int64_t>(i * 7));
    texts.append_text(std::string(84, static_cast<char>('a' + i % 26)));
  }
  types::Batch rows;
  rows.rows = kRows;
  rows.columns = {keys.finish(), others.finish(), texts.finish()};
  const auto hashes = types::hash_rows(rows, arrangement.key());
  for (std::size_t i = 0; i < kRows; ++i) REQUIRE(arrangement.add(rows.columns, i, hashes[i], 1, 1).ok());
  CHECK(static_cast<double>(arrangement.bytes()) / kRows < 148 + 48);  // one page may be nearly empty
}

}  // namespace offtake::engine::testing
