// Columns of schemas, what changed between versions (versions.yaml), what goes together (relationships.yaml).
#include <doctest/doctest.h>

#include "controlplane/catalog/relationships.h"
#include "controlplane/catalog/versions.h"
#include "tests/unit/catalog/data.h"

namespace offtake::catalog {
namespace {

// One line where both have as many, each expected one at the beginning of its own.
void check_begins(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
  CHECK_MESSAGE(found.size() == expected.size(), fmt::format("{}", fmt::join(found, " | ")));
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
    CHECK_MESSAGE(found[i].starts_with(expected[i]), found[i] << " -- " << expected[i]);
}

std::string change_text(const SchemaChange& change) {
  std::string out = fmt::format("{} {}:", to_string(change.kind), change.path);
  if (!change.from.empty()) out += " " + change.from;
  out += " ->";
  if (!change.to.empty()) out += " " + change.to;
  if (change.nullable) out += *change.nullable ? ", may be null" : ", never null";
  return out;
}

}  // namespace

TEST_CASE("versions differ as versions.yaml says") {
  const json::Value file = read("versions.yaml");
  for (const json::Value& one : file.as_array()) {
    SUBCASE(one.string_or("title").c_str()) {
      const auto history =
          version_history({}, {{1, 7, one.string_or("before")}, {2, 9, one.string_or("after")}}, false);
      REQUIRE(history.size() == 2);
      CHECK(history[0].version == 2);
      CHECK(history[0].id == 9);
      REQUIRE(history[0].compatible);
      CHECK(to_string(*history[0].compatible) == one.string_or("compatible"));
      std::vector<std::string> changes;
      for (const auto& change : history[0].changes) changes.push_back(change_text(change));
      check_begins(changes, texts(one["changes"]));
      check_begins(history[0].problems, texts(one["problems"]));
      CHECK(!history[1].compatible);
      CHECK(history[1].changes.empty());
    }
  }
}

TEST_CASE("the oldest version may be there to compare with alone; what is no Avro stops nothing") {
  const char* a = R"({"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]})";
  const char* b = R"({"type": "record", "name": "R", "fields": [{"name": "b", "type": "long"}]})";
  auto history = version_history({}, {{3, 1, a}, {4, 2, b}}, true);
  REQUIRE(history.size() == 1);
  CHECK(history[0].changes.size() == 2);
  history = version_history({}, {{1, 1, a}, {2, 2, "no schema"}, {3, 3, b}}, false);
  REQUIRE(history.size() == 3);
  CHECK(!history[0].compatible);
  CHECK(!history[1].compatible);
}

TEST_CASE("columns are a tree with what schema and Dataset say of them") {
  resources::Dataset dataset;
  dataset.spec.key = resources::DatasetKey{{"id"}, resources::KeyFrom::kValue, {}};
  dataset.spec.columns = {{"who.mail", "Where to write", "pii.email"}, {"lines.sku", "Article", ""}};
  const auto columns = column_tree(dataset, R"({"type": "record", "name": "R", "fields": [
      {"name": "id", "type": "long", "doc": "number"},
      {"name": "who", "type": ["null", {"type": "record", "name": "W", "fields": [{"name": "mail", "type": "string"}]}]},
      {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "L", "fields": [
        {"name": "sku", "type": ["null", "string"], "default": null}]}}},
      {"name": "state", "type": {"type": "enum", "name": "S", "symbols": ["OPEN", "DONE"]}},
      {"name": "self", "type": ["null", "R"]},
      {"name": "odd", "type": ["int", "string"]}]})");
  REQUIRE(columns.ok());
  std::vector<std::string> found;
  for (const Column* column : flattened(*columns)) {
    found.push_back(fmt::format("{} {}{}{}{}{}", column->path,
                                column->refused.empty() ? types::to_string(column->type) : "refused",
                                column->nullable ? "?" : "", column->key ? " key" : "",
                                column->doc.empty() ? "" : " doc=" + column->doc,
                                column->description.empty() ? "" : " says=" + column->description));
  }
  CHECK(fmt::format("{}", fmt::join(found, "\n")) ==
        "id bigint key doc=number\n"
        "who record(mail text not null)?\n"
        "who.mail text says=Where to write\n"
        "lines record(sku text) not null[]\n"
        "lines.sku text? says=Article\n"
        "state text\n"
        "self refused?\n"
        "odd refused?");
  CHECK(find_column(*columns, "who.mail")->classification == "pii.email");
  CHECK(find_column(*columns, "state")->symbols == std::vector<std::string>{"OPEN", "DONE"});
  CHECK(find_column(*columns, "who.mai") == nullptr);
  CHECK(column_tree(dataset, "{").error().code == "BadAvroSchema");
  REQUIRE(column_tree(dataset, R"("string")").ok());
  CHECK(column_tree(dataset, R"("string")")->at(0).path.empty());
}

TEST_CASE("datasets go together as relationships.yaml says") {
  const json::Value file = read("relationships.yaml");
  std::vector<std::shared_ptr<const Entry>> all;
  std::map<std::string, std::shared_ptr<const Entry>> by_name;
  for (const auto& [name, said] : file["datasets"].as_object()) {
    auto entry = std::make_shared<Entry>();
    entry->schema_known = true;
    entry->dataset.metadata.name = name;
    entry->dataset.metadata.namespace_name = "shop";
    entry->dataset.spec.owner = said.string_or("owner");
    entry->dataset.spec.key = resources::DatasetKey{texts(said["key"]), resources::KeyFrom::kValue, {}};
    for (const auto& [path, type] : said["columns"].as_object()) {
      Column column;
      column.path = column.name = path;
      auto parsed = types::parse_type(type.as_string());
      REQUIRE(parsed.ok());
      column.type = *parsed;
      entry->columns.push_back(std::move(column));
    }
    if (said["relationships"].is_array()) {
      for (const json::Value& one : said["relationships"].as_array()) {
        resources::Relationship relationship{one.string_or("name"), {one.string_or("dataset"), ""}, {}};
        for (const json::Value& pair : one["on"].as_array())
          relationship.columns.push_back({pair.as_array()[0].as_string(), pair.as_array()[1].as_string()});
        entry->dataset.spec.relationships.push_back(std::move(relationship));
      }
    }
    by_name[name] = entry;
    all.push_back(entry);
  }
  for (const json::Value& one : file["cases"].as_array()) {
    SUBCASE(one.string_or("of").c_str()) {
      std::vector<std::string> found;
      for (const Relationship& relationship : relationships_of(*by_name.at(one.string_or("of")), all)) {
        std::string line = fmt::format("{} {} {}", relationship.declared ? "declared" : "proposed",
                                       relationship.direction == Relationship::Direction::kOut ? "->" : "<-",
                                       relationship.dataset);
        for (const auto& pair : relationship.columns) line += fmt::format(" {}={}", pair.from, pair.to);
        line += ": " + relationship.reason;
        if (!relationship.problem.empty()) line += "! " + relationship.problem;
        found.push_back(std::move(line));
      }
      CHECK(fmt::format("{}", fmt::join(found, "\n")) ==
            fmt::format("{}", fmt::join(texts(one["finds"]), "\n")));
    }
  }
}

}  // namespace offtake::catalog
