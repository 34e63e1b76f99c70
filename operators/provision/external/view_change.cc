#include "operators/provision/external/view_change.h"

#include "operators/targets/postgres/control.h"
#include "operators/targets/postgres/dependants.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::provision::external {

namespace postgres = targets::postgres;

base::Result<ViewChange> view_change(postgres::Connection& connection, const std::string& schema,
                                     const std::string& view, const std::vector<ViewColumn>& columns) {
  ViewChange out;
  auto dependants = postgres::dependants_of(connection, schema, view);
  if (!dependants) return std::move(dependants).error();
  out.dependants = *std::move(dependants);
  // The server itself says what the wanted types are: a table of them, gone with the transaction.
  std::string wanted;
  for (const auto& column : columns) {
    wanted += fmt::format("{}{} {}", wanted.empty() ? "" : ", ", targets::protocol::quote_name(column.name),
                          column.type);
  }
  postgres::Transaction transaction(connection);
  if (auto begun = transaction.begin(); !begun) return begun.error();
  if (auto made = connection.execute(fmt::format("CREATE TEMP TABLE _offtake_wanted ({})", wanted)); !made)
    return made.error();
  // CREATE OR REPLACE VIEW keeps the columns there are, in their order, and adds others behind them.
  auto differing = connection.query(
      "SELECT count(*) FROM pg_attribute o LEFT JOIN pg_attribute n "
      "ON n.attrelid = 'pg_temp._offtake_wanted'::regclass AND n.attnum = o.attnum "
      "WHERE o.attrelid = to_regclass($1) AND o.attnum > 0 AND NOT o.attisdropped "
      "AND (n.attname, n.atttypid, n.atttypmod) IS DISTINCT FROM (o.attname, o.atttypid, o.atttypmod)",
      {postgres::in_schema(schema, view)});
  if (!differing) return std::move(differing).error();
  out.drops = differing->text(0, 0) != "0";
  return out;
}

}  // namespace offtake::provision::external
