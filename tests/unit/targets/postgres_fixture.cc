#include "postgres_fixture.h"

#include <doctest/doctest.h>

#include "operators/targets/postgres/binary_writer.h"

namespace offtake::targets_test {

PostgresServer& PostgresFixture::server() {
  if (!server_) server_.emplace();
  return *server_;
}

provision::ProvisionerSettings PostgresFixture::provisioner_settings() {
  const auto admin = server().admin();
  provision::ProvisionerSettings settings;
  settings.engine = "postgres";
  settings.url = fmt::format("postgresql://{}:{}/{}", admin.host, admin.port, admin.database);
  settings.admin = {{"username", admin.user}, {"password", admin.password}};
  return settings;
}

std::vector<TextRow> PostgresFixture::read(const TargetConnection& writer, const std::string& select) {
  auto connection = server().connect();
  const auto became = connection->execute("SET ROLE \"" + writer.reader_role + "\"");
  REQUIRE_MESSAGE(became.ok(), became.error().text());
  auto found = connection->query(select);
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  std::vector<TextRow> out;
  for (const auto& row : found->rows) {
    TextRow texts;
    for (const auto& cell : row) texts.push_back(cell.value_or(kNull));
    out.push_back(std::move(texts));
  }
  return out;
}

std::string PostgresFixture::shown(const types::Column& column, std::size_t row) {
  if (column.is_null(row)) return kNull;
  const bool as_json =
      types::is_nested(column.type().id) && !targets::postgres::is_native_array(column.type());
  return as_json ? std::string(column.text(row)) : types::value_text(column, row);
}

}  // namespace offtake::targets_test
