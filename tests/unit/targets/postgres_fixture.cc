#include "postgres_fixture.h"

#include <doctest/doctest.h>

#include "operators/targets/postgres/binary_writer.h"
#include "operators/targets/postgres/table_sql.h"

namespace offtake::targets_test {

PostgresServer& PostgresFixture::server() {
  if (!server_) server_.emplace();
  return *server_;
}

const TargetEngine& PostgresFixture::engine() const {
  return *find_engine("postgres");
}

std::unique_ptr<provision::Provisioner> PostgresFixture::make_provisioner(const std::string& class_name) {
  const auto admin = server().admin();
  provision::ProvisionerSettings settings;
  settings.engine = "postgres";
  settings.url = fmt::format("postgresql://{}:{}/{}", admin.host, admin.port, admin.database);
  settings.admin = {{"username", admin.user}, {"password", admin.password}};
  settings.class_name = class_name;
  auto made = provision::make_provisioner(settings);
  REQUIRE_MESSAGE(made.ok(), made.error().text());
  return *std::move(made);
}

Shown PostgresFixture::read(const TargetConnection& writer, const std::string& public_name) {
  auto connection = server().connect();
  const auto became = connection->execute("SET ROLE \"" + writer.reader_role + "\"");
  REQUIRE_MESSAGE(became.ok(), became.error().text());
  const std::string view = fmt::format("\"{}\".\"{}\"", writer.schema, public_name);
  auto names = connection->query(
      "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped "
      "ORDER BY attnum",
      {view});
  REQUIRE_MESSAGE(names.ok(), names.error().text());
  auto found = connection->query("SELECT * FROM " + view);
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  Shown out;
  for (std::size_t i = 0; i < names->rows.size(); ++i) out.columns.push_back(names->text(i, 0));
  for (const auto& row : found->rows) {
    TextRow texts;
    for (const auto& cell : row) texts.push_back(cell.value_or(kNull));
    out.rows.push_back(std::move(texts));
  }
  return out;
}

std::string PostgresFixture::shown(const types::Column& column, std::size_t row) {
  if (column.is_null(row)) return kNull;
  const bool as_json =
      types::is_nested(column.type().id) && !targets::postgres::is_native_array(column.type());
  return as_json ? std::string(column.text(row)) : types::value_text(column, row);
}

void PostgresFixture::refuse_large_amounts(const TargetConnection& writer, const TableSpec& table,
                                           const std::string&, bool refuses) {
  const std::string change =
      refuses ? "ADD CONSTRAINT small CHECK (amount <= 2147483647) NOT VALID" : "DROP CONSTRAINT small";
  const auto changed = server().connect()->execute(
      fmt::format("ALTER TABLE {} {}", targets::postgres::table_of(writer.schema, table), change));
  REQUIRE_MESSAGE(changed.ok(), changed.error().text());
}

}  // namespace offtake::targets_test
