// Loading in bulk gives what adding row by row gives.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "operators/engine/arrangement.h"
#include "tests/unit/engine/plan_builder.h"

namespace offtake::engine::testing {
namespace {

std::vector<types::Type> types_of(const std::string& text) {
  std::vector<types::Type> out;
  for (const types::Field& field : fields(text)) out.push_back(field.type);
  return out;
}

struct Rows {
  explicit Rows(const std::vector<types::Type>& types) {
    for (const types::Type& type : types) builders.emplace_back(type);
  }
  void add(const std::vector<std::string>& values, std::int64_t weight) {
    for (std::size_t i = 0; i < builders.size(); ++i) {
      if (values[i] == "NULL") {
        builders[i].append_null();
      } else {
        REQUIRE(types::append_parsed(builders[i], values[i]).ok());
      }
    }
    weights.push_back(weight);
  }
  types::Batch finish() {
    types::Batch out;
    out.rows = weights.size();
    out.weights = std::move(weights);
    weights.clear();
    for (types::ColumnBuilder& builder : builders) out.columns.push_back(builder.finish());
    return out;
  }
  std::vector<types::ColumnBuilder> builders;
  std::vector<std::int64_t> weights;
};

using Contents = std::map<std::string, std::int64_t>;  // row -> weight

std::string text_of(const Arrangement& arrangement, RowRef ref) {
  const char* const packed[] = {arrangement.payload(ref)};
  std::string text;
  for (const auto& column : arrangement.layout().gather(packed)) text += types::value_text(*column, 0) + "|";
  return text;
}

Contents contents(const Arrangement& arrangement) {
  Contents out;
  arrangement.for_each([&](RowRef ref) { out[text_of(arrangement, ref)] += arrangement.weight(ref); });
  return out;
}

// What a key's chain holds, with the links checked in both directions.
Contents chain(const Arrangement& arrangement, RowRef first) {
  Contents out;
  RowRef before = 0;
  for (RowRef at = first; at != 0; at = arrangement.next(at)) {
    if (arrangement.previous(at) != before) FAIL("a link back that is wrong");
    if (!out.emplace(text_of(arrangement, at), arrangement.weight(at)).second) FAIL("a row stands twice");
    before = at;
  }
  return out;
}

void check_same(const Arrangement& loaded, const Arrangement& added, const types::Batch& probes) {
  CHECK(loaded.rows() == added.rows());
  CHECK(contents(loaded) == contents(added));
  const std::vector<int> key = loaded.key();
  const auto hashes = types::hash_rows(probes, key);
  std::vector<RowRef> firsts;
  loaded.first_of_all(probes, key, hashes, firsts);
  REQUIRE(firsts.size() == probes.rows);
  std::set<RowRef> seen;
  for (std::size_t row = 0; row < probes.rows; ++row) {
    CHECK(firsts[row] == loaded.first(probes.columns, key, row, hashes[row]));
    if (!seen.insert(firsts[row]).second && firsts[row] != 0) continue;
    const Contents expected = chain(added, added.first(probes.columns, key, row, hashes[row]));
    if (chain(loaded, firsts[row]) != expected) FAIL("another chain at row " << row);
  }
}

}  // namespace

TEST_CASE("a bulk load holds what adding gives, and takes changes afterwards") {
  struct Case {
    std::string types;
    std::vector<int> key;
    unsigned keys;
    int rows;
  };
  // Short chains, long ones, and one of all rows; keys with spellings, of several columns, of text.
  const std::vector<Case> cases = {
      {"key:bigint name:text value:bigint", {0}, 3000, 12000},
      {"key:bigint name:text value:bigint", {0}, 5, 6000},
      {"key:numeric name:text value:bigint", {0}, 300, 6000},
      {"key:integer name:text value:numeric", {0, 1}, 40, 6000},
      {"value:bigint key:text other:numeric", {1}, 500, 6000},
      {"key:numeric name:text value:bigint", {}, 10, 1500},
  };
  for (const Case& one : cases) {
    CAPTURE(one.types);
    CAPTURE(one.keys);
    const auto types = types_of(one.types);
    std::mt19937 random(one.keys);
    Arrangement loaded(types, one.key, 8);
    Arrangement added(types, one.key, 8);
    Rows probes(types);
    const auto value = [&](const types::Type& type) -> std::string {
      if (random() % 11 == 0) return "NULL";
      const std::string number = std::to_string(random() % one.keys);
      if (type.id == types::TypeId::kText) return std::string(random() % 20, 'x') + number;
      return type.id == types::TypeId::kNumeric && random() % 3 == 0 ? number + ".0" : number;
    };
    const auto row = [&] {
      std::vector<std::string> out;
      for (const types::Type& type : types) out.push_back(value(type));
      return out;
    };
    std::vector<std::vector<std::string>> rows;
    Rows piece(types);
    for (int i = 0; i < one.rows; ++i) {
      // Some rows come again, some are taken back within the load.
      const bool again = !rows.empty() && random() % 4 == 0;
      rows.push_back(again ? rows[random() % rows.size()] : row());
      piece.add(rows.back(), again && random() % 3 == 0 ? -1 : 1 + random() % 2);
      if (random() % 700 != 0 && i + 1 < one.rows) continue;
      const types::Batch batch = piece.finish();
      const auto hashes = types::hash_rows(batch, one.key);
      REQUIRE(loaded.load(batch, hashes, 1).ok());
      for (std::size_t at = 0; at < batch.rows; ++at) {
        REQUIRE(added.add(batch.columns, at, hashes[at], batch.weight(at), 1).ok());
      }
    }
    loaded.finish_load();
    for (int i = 0; i < 300; ++i) probes.add(i % 2 == 0 ? rows[random() % rows.size()] : row(), 1);
    const types::Batch probed = probes.finish();
    check_same(loaded, added, probed);
    std::int64_t extra = 0;
    loaded.for_each([&](RowRef ref) { extra |= *reinterpret_cast<const std::int64_t*>(loaded.extra(ref)); });
    CHECK(extra == 0);
    // Live: rows come, weights change, rows go.
    for (int i = 0; i < 2000; ++i) {
      piece.add(random() % 3 == 0 ? row() : rows[random() % rows.size()], random() % 2 == 0 ? -1 : 1);
      const types::Batch batch = piece.finish();
      const auto hash = types::hash_rows(batch, one.key)[0];
      auto left = loaded.add(batch.columns, 0, hash, batch.weight(0), 2);
      auto right = added.add(batch.columns, 0, hash, batch.weight(0), 2);
      REQUIRE((left.ok() && right.ok()));
      CHECK(left->before == right->before);
      CHECK((left->ref == 0) == (right->ref == 0));
      if (i % 200 == 0) loaded.maintain();
    }
    check_same(loaded, added, probed);
  }
}

TEST_CASE("equal rows take no memory beyond the load of a part") {
  const auto types = types_of("key:bigint");
  Arrangement side(types, {0});
  std::size_t most = 0;
  constexpr int kPieces = 500;
  constexpr std::int64_t kRows = 4000;
  for (int piece = 0; piece < kPieces; ++piece) {
    types::ColumnBuilder keys{types[0]};
    for (std::int64_t row = 0; row < kRows; ++row) keys.append(row % 10);
    types::Batch batch;
    batch.rows = kRows;
    batch.columns = {keys.finish()};
    REQUIRE(side.load(batch, types::hash_rows(batch, side.key()), 1).ok());
    most = std::max(most, side.bytes());
  }
  side.finish_load();
  CHECK(side.rows() == 10);
  side.for_each([&](RowRef ref) { CHECK(side.weight(ref) == kPieces * kRows / 10); });
  // Two million rows of 40 bytes came.
  CHECK(most < std::size_t{16} << 20);
}

}  // namespace offtake::engine::testing
