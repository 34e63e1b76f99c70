#include "sqlite_fixture.h"

#include <doctest/doctest.h>

#include "base/sqlite/database.h"
#include "operators/targets/protocol/table_layout.h"
#include "operators/targets/sqlite/values.h"

namespace offtake::targets_test {

const TargetEngine& SqliteFixture::engine() const {
  return *find_engine("sqlite");
}

std::unique_ptr<provision::Provisioner> SqliteFixture::make_provisioner(const std::string& class_name) {
  if (!directory_) {
    auto made = files::TempDir::make("offtake-targets");
    REQUIRE(made.ok());
    directory_.emplace(*std::move(made));
  }
  provision::ProvisionerSettings settings;
  settings.engine = "sqlite";
  settings.directory = directory_->path().string();
  settings.class_name = class_name;
  auto made = provision::make_provisioner(settings);
  REQUIRE_MESSAGE(made.ok(), made.error().text());
  return *std::move(made);
}

namespace {

// Doubles with all their digits; SQLite's own text has 15.
std::string text_of(const offtake::sqlite::Statement& statement, int column) {
  if (statement.is_null(column)) return kNull;
  if (statement.type(column) == offtake::sqlite::ColumnType::kReal) {
    return fmt::format("{}", statement.real(column) + 0.0);
  }
  return statement.string(column);
}

}  // namespace

Shown SqliteFixture::read(const TargetConnection& writer, const std::string& public_name) {
  auto database = offtake::sqlite::Database::open(writer.path, {.read_only = true});
  REQUIRE_MESSAGE(database.ok(), database.error().text());
  auto statement = database->prepare("SELECT * FROM \"" + public_name + "\"");
  REQUIRE_MESSAGE(statement.ok(), statement.error().text());
  Shown out;
  for (int i = 0; i < statement->column_count(); ++i) out.columns.emplace_back(statement->column_name(i));
  for (;;) {
    auto row = statement->step();
    REQUIRE_MESSAGE(row.ok(), row.error().text());
    if (!*row) return out;
    TextRow texts;
    for (int i = 0; i < statement->column_count(); ++i) texts.push_back(text_of(*statement, i));
    out.rows.push_back(std::move(texts));
  }
}

std::string SqliteFixture::shown(const types::Column& column, std::size_t row) {
  if (!echo_) {
    auto database = offtake::sqlite::Database::open(":memory:");
    REQUIRE(database.ok());
    memory_.emplace(*std::move(database));
    auto statement = memory_->prepare("SELECT ?1");
    REQUIRE(statement.ok());
    echo_.emplace(*std::move(statement));
  }
  targets::sqlite::bind_value(*echo_, 1, column, row);
  REQUIRE(echo_->step().ok());
  const std::string text = text_of(*echo_, 0);
  echo_->reset();
  return text;
}

void SqliteFixture::refuse_large_amounts(const TargetConnection& writer, const TableSpec& table,
                                         const std::string&, bool refuses) {
  auto database = offtake::sqlite::Database::open(writer.path);
  REQUIRE_MESSAGE(database.ok(), database.error().text());
  std::string change = "DROP TRIGGER small_in; DROP TRIGGER small_up";
  if (refuses) {
    change.clear();
    for (const auto& [name, event] : {std::pair("small_in", "INSERT"), std::pair("small_up", "UPDATE")}) {
      change += fmt::format(
          "CREATE TRIGGER {} BEFORE {} ON \"{}\" WHEN NEW.amount > 2147483647 BEGIN SELECT RAISE(ABORT, "
          "'not small'); END; ",
          name, event, targets::protocol::table_name(table.name, table.revision));
    }
  }
  const auto changed = database->execute(change);
  REQUIRE_MESSAGE(changed.ok(), changed.error().text());
}

}  // namespace offtake::targets_test
