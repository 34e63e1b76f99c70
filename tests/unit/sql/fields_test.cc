// Fields within records: which there are, how they are found, and that a record of the record key has none.
#include "controlplane/sql/fields.h"

#include <doctest/doctest.h>

namespace offtake::test {
namespace {

sql::DatasetSchema schema_of(std::string_view id, std::string_view address) {
  sql::DatasetSchema out;
  out.id = {"retail", "orders"};
  out.columns = {{"id", *types::parse_type(id), false}, {"address", *types::parse_type(address), true}};
  return out;
}

sql::Compiled compile(const sql::DatasetSchema& schema, std::string sql) {
  sql::CompileInput input;
  input.sql = std::move(sql);
  input.default_namespace = "retail";
  input.catalog.schema = [schema](const sql::DatasetName&) -> base::Result<sql::DatasetSchema> {
    return schema;
  };
  return sql::compile(input);
}

}  // namespace

TEST_CASE("fields of records stand behind the columns, NULL where a record around them is") {
  const auto schema =
      schema_of("bigint", "record(city text not null, geo record(lat real) not null, at record(x text)[])");
  std::string names;
  for (const types::Field& field : sql::with_fields(schema))
    names += field.name + (field.nullable ? " " : "! ");
  CHECK(names == "id! address address.city address.geo address.geo.lat address.at ");
  REQUIRE(sql::find_field(schema, "address.geo.lat") != nullptr);
  CHECK(sql::find_field(schema, "address.geo.lat")->type.id == types::TypeId::kFloat4);
  for (const char* none :
       {"", ".", "address.", ".address", "address.at.x", "id.x", "address.geo.lat.x", "city"})
    CHECK(sql::find_field(schema, none) == nullptr);
  CHECK(sql::columns_among({"address.city", "id", "address.geo.lat", "address"}) == 2);
  CHECK(sql::is_within("address.city", "address"));
  CHECK_FALSE(sql::is_within("addresses", "address"));
}

TEST_CASE("a record that only the record key holds is taken whole") {
  auto schema = schema_of("record(region text, number bigint)", "record(city text)");
  schema.key = {"id"};
  schema.key_in_value = false;
  CHECK(sql::find_field(schema, "id.region") == nullptr);
  CHECK(sql::find_field(schema, "address.city") != nullptr);
  const sql::Compiled compiled = compile(schema, "SELECT (id).region FROM orders");
  REQUIRE(compiled.errors.size() == 1);
  CHECK(compiled.errors[0].text() ==
        "spec.sql:1:9: orders.id is read from the record key, and fields of it alone are not "
        "supported in this version");
  CHECK(compile(schema, "SELECT id, (address).city FROM orders").ok());
}

TEST_CASE("a field of a hundred records around it") {
  std::string type = "text", path = "address";
  for (int i = 0; i < 100; ++i) {
    type = "record(f " + type + ")";
    path += i == 0 ? ").f" : ".f";
  }
  const sql::Compiled compiled = compile(schema_of("bigint", type), "SELECT (" + path + " FROM orders");
  REQUIRE(compiled.ok());
  REQUIRE(compiled.plan.sources[0].columns.size() == 1);
  CHECK(compiled.plan.sources[0].columns[0].name.size() == 7 + 2 * 100);
}

}  // namespace offtake::test
