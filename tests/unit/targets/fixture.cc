#include "fixture.h"

#include <doctest/doctest.h>

#include <charconv>

#include "base/id.h"
#include "documents_fixture.h"
#include "opensearch_fixture.h"
#include "postgres_fixture.h"
#include "sqlite_fixture.h"
#include "topic_fixture.h"

namespace offtake::targets_test {

std::vector<Fixture*> all_fixtures() {
  static SqliteFixture sqlite;
  static PostgresFixture postgres;
  static DocumentsFixture documents;
  static TopicFixture topic;
  static OpenSearchFixture opensearch("opensearch"), elasticsearch("elasticsearch");
  return {&sqlite, &postgres, &documents, &opensearch, &elasticsearch, &topic};
}

std::vector<Fixture*> fixtures() {
  auto all = all_fixtures();
  std::erase_if(all, [](const Fixture* fixture) { return fixture->is_left_to_full(); });
  return all;
}

std::vector<Fixture*> fixtures(bool (*offer)(const TargetTraits&)) {
  std::vector<Fixture*> out;
  for (Fixture* fixture : fixtures()) {
    if (offer(fixture->traits())) out.push_back(fixture);
  }
  return out;
}

std::vector<Fixture*> that_hold(const TableSpec& table, std::vector<Fixture*> all) {
  std::erase_if(all, [&](const Fixture* fixture) { return !fixture->engine().check_table(table).ok(); });
  return all;
}

void Fixture::refuse_large_amounts(const TargetConnection&, const TableSpec&, const std::string&, bool) {
  FAIL(name() << " takes no constraints");
}

Product::Product(Fixture& fixture, const std::string& target_name, provision::RowsForm rows)
    : fixture_(fixture) {
  target_ = {"test-installation",           base::random_uuid(), "retail",
             "orders-" + base::random_id(), target_name,         rows};
  // Products of one test run are told apart by their class.
  provisioner_ = fixture.make_provisioner("c" + base::random_id());
  const provision::Credentials credentials{base::random_password(), base::random_password()};
  auto ready = provisioner_->ensure(target_, credentials);
  REQUIRE_MESSAGE(ready.ok(), ready.error().text() << " " << ready.error().detail);
  connection_ = ready->writer;
  connection_.password = credentials.writer_password;
}

Product::~Product() {
  const auto removed = provisioner_->remove(target_, false);
  CHECK_MESSAGE(removed.ok(), removed.error().text() << " " << removed.error().detail);
}

std::unique_ptr<Target> Product::open(const TableSpec& table) {
  auto opened = fixture_.engine().open(connection_, table, uid());
  REQUIRE_MESSAGE(opened.ok(), opened.error().text() << " " << opened.error().detail);
  return *std::move(opened);
}

namespace {

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool comes_before(const std::string& a, const std::string& b) {
  if (a == kNull || b == kNull) return a != kNull && b == kNull;
  const auto x = number(a), y = number(b);
  return x && y ? *x < *y : a < b;
}

}  // namespace

std::vector<TextRow> Product::read(const std::vector<std::string>& columns, const std::string& order_by) {
  Shown shown = fixture_.read(connection_, target_.target_name);
  const auto place_of = [&](const std::string& name) {
    const auto found = std::find(shown.columns.begin(), shown.columns.end(), name);
    REQUIRE_MESSAGE(found != shown.columns.end(), "no column " << name);
    return static_cast<std::size_t>(found - shown.columns.begin());
  };
  if (!order_by.empty()) {
    std::stable_sort(
        shown.rows.begin(), shown.rows.end(),
        [at = place_of(order_by)](const TextRow& a, const TextRow& b) { return comes_before(a[at], b[at]); });
  }
  if (columns.empty()) return shown.rows;
  std::vector<TextRow> out;
  for (const auto& row : shown.rows) {
    TextRow& texts = out.emplace_back();
    for (const auto& name : columns) texts.push_back(row[place_of(name)]);
  }
  return out;
}

}  // namespace offtake::targets_test
