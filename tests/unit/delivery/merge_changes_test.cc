// Merging the changes of two epochs against a model of the target: what it holds after both is what it holds
// after the merged one.
#include "operators/delivery/merge_changes.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

namespace offtake::delivery {
namespace {

using types::TypeId;

types::ColumnPtr numbers(const std::vector<std::int64_t>& values) {
  types::ColumnBuilder builder{types::Type(TypeId::kInt8)};
  for (const auto value : values) builder.append(value);
  return builder.finish();
}

using Content = std::map<std::int64_t, std::int64_t>;  // key -> value

// The change from one content to another, as the engine gives it. Visible columns: value, key.
engine::Changes change(const Content& before, const Content& after) {
  std::vector<std::int64_t> keys, values, gone;
  engine::Changes out;
  for (const bool fresh : {true, false}) {
    for (const auto& [key, value] : after) {
      const auto old = before.find(key);
      if (fresh != (old == before.end()) || (!fresh && old->second == value)) continue;
      keys.push_back(key);
      values.push_back(value);
    }
    if (fresh) out.new_rows = keys.size();
  }
  for (const auto& [key, value] : before) {
    if (!after.contains(key)) gone.push_back(key);
  }
  out.upserts = {{numbers(values), numbers(keys)}, {}, keys.size()};
  out.deletes = {{numbers(gone)}, {}, gone.size()};
  types::Batch net = out.upserts;
  types::add_to(out.checksum, net);
  std::vector<std::int64_t> old_keys, old_values;
  for (const bool replaced : {true, false}) {
    for (const auto& [key, value] : before) {
      const auto now = after.find(key);
      if ((now != after.end()) != replaced || (replaced && now->second == value)) continue;
      old_keys.push_back(key);
      old_values.push_back(value);
    }
  }
  out.old_rows = {{numbers(old_values), numbers(old_keys)}, {}, old_keys.size()};
  net = out.old_rows;
  net.weights.assign(old_keys.size(), -1);
  types::add_to(out.checksum, net);
  return out;
}

std::int64_t at(const types::ColumnPtr& column, std::size_t row) {
  return column->values<std::int64_t>()[row];
}

// Applies as targets do: deletes, then upserts; a plain insert finds no such key.
void apply_to_target(const engine::Changes& changes, Content& content) {
  std::set<std::int64_t> seen;
  REQUIRE(changes.old_rows.rows == changes.upserts.rows - changes.new_rows + changes.deletes.rows);
  std::size_t old = changes.upserts.rows - changes.new_rows;
  const auto check_old = [&](std::size_t row, std::int64_t key) {
    CHECK(at(changes.old_rows.columns[1], row) == key);
    CHECK(at(changes.old_rows.columns[0], row) == content.at(key));
  };
  for (std::size_t row = 0; row < changes.deletes.rows; ++row) {
    const auto key = at(changes.deletes.columns[0], row);
    CHECK(seen.insert(key).second);
    check_old(old++, key);
    content.erase(key);
  }
  for (std::size_t row = 0; row < changes.upserts.rows; ++row) {
    const auto key = at(changes.upserts.columns[1], row);
    CHECK(seen.insert(key).second);  // a key occurs once
    CHECK((row < changes.new_rows) == !content.contains(key));
    if (row >= changes.new_rows) check_old(row - changes.new_rows, key);
    content[key] = at(changes.upserts.columns[0], row);
  }
}

types::Checksum checksum_of(const Content& content) {
  types::Checksum out;
  std::vector<std::int64_t> keys, values;
  for (const auto& [key, value] : content) {
    keys.push_back(key);
    values.push_back(value);
  }
  types::add_to(out, {{numbers(values), numbers(keys)}, {}, keys.size()});
  return out;
}

plan::Identity by_second_column() {
  plan::Identity identity;
  identity.kind = plan::Identity::Kind::kProvedKey;
  identity.key = {1};
  return identity;
}

}  // namespace

TEST_CASE("merged changes leave the target as the changes one after the other do") {
  std::mt19937 random(7);
  const auto content = [&] {
    Content out;
    for (std::int64_t key = 0; key < 8; ++key) {
      if (random() % 2 == 0) out[key] = static_cast<std::int64_t>(random() % 3);
    }
    return out;
  };
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    const Content first = content();
    Content last = first;
    engine::Changes merged;
    for (int step = 0; step < 3; ++step) {
      Content next = content();
      merged = merge_changes(std::move(merged), change(last, next), by_second_column());
      last = std::move(next);
    }
    Content target = first;
    apply_to_target(merged, target);
    CHECK(target == last);
    types::Checksum sum = checksum_of(first);
    sum.rows += merged.checksum.rows;
    sum.sum += merged.checksum.sum;
    CHECK(sum == checksum_of(last));
  }
}

TEST_CASE("what comes and goes within the epoch is not deleted from a target that never had it") {
  const engine::Changes merged = merge_changes(change({}, {{1, 10}, {2, 20}}),
                                               change({{1, 10}, {2, 20}}, {{2, 20}}), by_second_column());
  CHECK(merged.deletes.rows == 0);
  CHECK(merged.upserts.rows == 1);
  CHECK(merged.insert_only());
}

TEST_CASE("hidden identities go with their rows") {
  plan::Identity identity;
  identity.kind = plan::Identity::Kind::kBag;
  const auto bag = [](std::vector<std::int64_t> values, std::vector<std::int64_t> hashes,
                      std::vector<std::int64_t> gone) {
    engine::Changes out;
    out.upserts = {{numbers(values)}, {}, values.size()};
    out.upsert_identity = {numbers(hashes)};
    out.deletes = {{numbers(gone)}, {}, gone.size()};
    return out;
  };
  const auto merged =
      merge_changes(bag({1, 2, 3}, {11, 12, 13}, {14}), bag({5, 4}, {15, 14}, {12}), identity);
  REQUIRE(merged.upserts.rows == 4);
  REQUIRE(merged.upserts.columns.size() == 1);
  REQUIRE(merged.upsert_identity.size() == 1);
  std::map<std::int64_t, std::int64_t> rows;
  for (std::size_t row = 0; row < 4; ++row)
    rows[at(merged.upsert_identity[0], row)] = at(merged.upserts.columns[0], row);
  CHECK(rows == std::map<std::int64_t, std::int64_t>{{11, 1}, {13, 3}, {14, 4}, {15, 5}});
  REQUIRE(merged.deletes.rows == 1);
  CHECK(at(merged.deletes.columns[0], 0) == 12);
}

}  // namespace offtake::delivery
