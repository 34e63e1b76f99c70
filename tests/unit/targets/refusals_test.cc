// What engines refuse: values, keys, names, tables.
#include "session.h"

namespace offtake::targets_test {
namespace {

// The refused rows of one column through the engine's image: "row: message".
std::vector<std::string> refused(const std::string& engine, const types::Field& field,
                                 const types::Batch& rows, bool as_key = false) {
  TableSpec table;
  table.name = "orders";
  table.columns = {field};
  table.identity = as_key ? plan::Identity{plan::Identity::Kind::kProvedKey, {0}}
                          : plan::Identity{plan::Identity::Kind::kBag, {}};
  std::vector<engine::Image::Refusal> found;
  auto image = find_engine(engine)->table_image(table)->apply(rows, found);
  REQUIRE_OK(image);
  CHECK(image->rows == rows.rows);
  CHECK(image->columns[0]->size() == rows.rows);
  std::vector<std::string> out;
  for (const auto& refusal : found) {
    if (!as_key) CHECK(image->columns[0]->is_null(refusal.row));
    out.push_back(fmt::format("{}: {}", refusal.row, refusal.message));
  }
  return out;
}

types::Batch texts(const std::vector<std::string>& values) {
  types::ColumnBuilder builder(types::TypeId::kText);
  for (const auto& value : values) builder.append_text(value);
  types::Batch out;
  out.rows = values.size();
  out.columns = {builder.finish()};
  return out;
}

template <class T>
types::Batch numbers(types::TypeId id, const std::vector<T>& values) {
  types::ColumnBuilder builder{types::Type(id)};
  for (const auto& value : values) builder.append(value);
  types::Batch out;
  out.rows = values.size();
  out.columns = {builder.finish()};
  return out;
}

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("numeric(p,s) is rounded, and refused beyond its precision") {
  const types::Type type = types::Type::numeric(5, 2);
  const types::Field field{"v", type, true};
  // The plan's own type is wider than the target's column.
  const auto rows = batch_of({{"v", types::TypeId::kNumeric, true}},
                             {{"1.005"}, {"-2.345"}, {"999.99"}, {"999.995"}, {"1000"}, {kNull}, {"0.1"}});
  for (const auto engine : engine_names()) {
    CAPTURE(engine);
    const auto messages = refused(std::string(engine), field, rows);
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].starts_with("3: column v: numeric field overflow"));
    CHECK(messages[1].starts_with("4: column v: numeric field overflow"));
    std::vector<engine::Image::Refusal> found;
    auto image = find_engine(engine)->image({field})->apply(rows, found);
    REQUIRE_OK(image);
    CHECK(texts_of(*image) ==
          std::vector<TextRow>{{"1.01"}, {"-2.35"}, {"999.99"}, {kNull}, {kNull}, {kNull}, {"0.1"}});
  }
}

TEST_CASE("PostgreSQL refuses what its types do not hold") {
  using types::TypeId;
  const std::string zero("a\0b", 3);
  CHECK(refused("postgres", {"v", TypeId::kText, true}, texts({"a", zero, std::string(30, 'x') + zero})) ==
        Messages{"1: column v: PostgreSQL's text holds no character U+0000",
                 "2: column v: PostgreSQL's text holds no character U+0000"});
  CHECK(refused("postgres", {"v", TypeId::kBytea, true}, texts({zero})).empty());
  CHECK(refused("postgres", {"v", TypeId::kJsonb, true}, texts({"{\"a\": \"\\u0000\"}", "\"\\\\u0000\""})) ==
        Messages{"0: column v: PostgreSQL's text holds no character U+0000"});
  CHECK(refused("postgres", {"v", TypeId::kDate, true},
                numbers<std::int32_t>(TypeId::kDate, {0, INT32_MIN, INT32_MAX, -2'440'588, -2'440'589,
                                                      2'145'042'905, 2'145'042'906})) ==
        Messages{"1: column v: date out of range", "2: column v: date out of range",
                 "4: column v: date out of range", "6: column v: date out of range"});
  CHECK(refused("postgres", {"v", TypeId::kTimestampTz, true},
                numbers<std::int64_t>(TypeId::kTimestampTz, {INT64_MAX, INT64_MIN, -210'866'803'200'000'000,
                                                             -210'866'803'200'000'001})) ==
        Messages{"1: column v: timestamp out of range", "3: column v: timestamp out of range"});
  CHECK(refused("postgres", {"v", TypeId::kTime, true},
                numbers<std::int64_t>(TypeId::kTime, {0, 86'400'000'000, 86'400'000'001, -1})) ==
        Messages{"2: column v: time out of range", "3: column v: time out of range"});
}

TEST_CASE("PostgreSQL refuses keys that its index does not hold") {
  const types::Field field{"k", types::TypeId::kText, false};
  const auto rows = texts({std::string(2'684, 'x'), std::string(2'685, 'x'), "short"});
  CHECK(refused("postgres", field, rows, true) ==
        Messages{"1: the key has 2689 bytes, an index takes up to 2688"});
  CHECK(refused("postgres", field, rows, false).empty());
  CHECK(refused("sqlite", field, rows, true).empty());
}

TEST_CASE("names and tables") {
  const auto code = [](const char* engine, const std::string& name) {
    const auto checked = find_engine(engine)->check_name(name);
    return checked.ok() ? "" : checked.error().code;
  };
  CHECK(code("postgres", std::string(63, 'n')) == "");
  CHECK(code("postgres", std::string(64, 'n')) == "NameTooLong");
  CHECK(code("postgres", "_offtake_n") == "NameReserved");
  CHECK(code("postgres", "ctid") == "NameReserved");
  CHECK(code("sqlite", std::string(200, 'n')) == "");
  CHECK(code("sqlite", "SQLite_x") == "NameReserved");
  CHECK(code("sqlite", "_Offtake_n") == "NameReserved");

  TableSpec table;
  table.name = std::string(54, 't');
  table.columns = {{"a", types::TypeId::kInt4, true}};
  CHECK(find_engine("postgres")->check_table(table).error().code == "NameTooLong");
  table.name = "t";
  CHECK(find_engine("postgres")->check_table(table).ok());
  table.columns.push_back({"A", types::TypeId::kInt4, true});
  CHECK(find_engine("postgres")->check_table(table).ok());
  CHECK(find_engine("sqlite")->check_table(table).error().code == "NameTaken");
  table.columns.assign(1'598, {"a", types::TypeId::kInt4, true});
  CHECK(find_engine("postgres")->check_table(table).error().code == "TooManyColumns");
  CHECK(find_engine("postgres")->column_type(types::Type::numeric(1'001, 0)).error().code ==
        "TypeNotSupported");
}

}  // namespace offtake::targets_test
