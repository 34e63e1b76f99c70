// Every type, with NULLs and extremes: through the bulk load and through an epoch, as readers and the proof
// see it.
#include <fstream>

#include "needs.h"
#include "session.h"

namespace offtake::targets_test {
namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(' ');
  const auto end = text.find_last_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

std::string unescaped(std::string text) {
  if (text == "\\e") return "";
  for (auto at = text.find("\\b"); at != std::string::npos; at = text.find("\\b", at + 1))
    text.replace(at, 2, "|");
  return text;
}

std::map<std::string, std::vector<std::string>> cases() {
  std::map<std::string, std::vector<std::string>> out;
  std::ifstream file(std::string(TARGETS_DATA) + "/types.txt");
  std::string line;
  while (std::getline(file, line)) {
    const auto bar = line.find(" | ");
    if (line.empty() || line[0] == '#' || bar == std::string::npos) continue;
    out[trimmed(line.substr(0, bar))].push_back(unescaped(trimmed(line.substr(bar + 3))));
  }
  return out;
}

void check_shown(Fixture& fixture, Product& product, const types::Batch& wanted) {
  const auto rows = product.read({"v"}, "id");
  REQUIRE(rows.size() == wanted.rows);
  for (std::size_t row = 0; row < wanted.rows; ++row) {
    CHECK(rows[row][0] == fixture.shown(*wanted.columns[1], row));
  }
}

}  // namespace

CONFORMANCE("all types, NULLs and extremes", needs::kNothing) {
  const auto all = cases();
  REQUIRE(all.size() >= 30);
  for (Fixture* fixture : promised) {
    for (const auto& [name, values] : all) {
      CAPTURE(fixture->name());
      CAPTURE(name);
      auto type = types::parse_type(name);
      REQUIRE_OK(type);
      const TargetEngine* engine = &fixture->engine();
      auto held = engine->column_type(*type);
      if (fixture->refuses(*type)) {
        REQUIRE(!held.ok());
        CHECK(!held.error().hint.empty());
        continue;
      }
      REQUIRE_OK(held);
      TableSpec table;
      table.name = "orders";
      table.columns = {{"id", types::TypeId::kInt4, false}, {"v", *type, true}};
      table.identity = {plan::Identity::Kind::kProvedKey, {0}};
      std::vector<TextRow> rows;
      for (const auto& value : values) rows.push_back({std::to_string(rows.size()), value});

      const types::Batch wanted = batch_of(table.columns, rows);
      std::vector<engine::Image::Refusal> refused;
      auto image = engine->table_image(table)->apply(wanted, refused);
      REQUIRE_OK(image);
      for (const auto& refusal : refused) FAIL_CHECK(refusal.message);
      CHECK(checksum_of(*image) == checksum_of(wanted));

      Product product(*fixture);
      Session session(product, table);
      session.fill(changes_of(table, {.upserts = rows}));
      session.check_proof();
      check_shown(*fixture, product, wanted);

      // Backwards through an epoch: each row gets another's value, by upsert.
      std::vector<TextRow> turned = rows;
      for (std::size_t i = 0; i < rows.size(); ++i) turned[i][1] = rows[rows.size() - 1 - i][1];
      REQUIRE_OK(session.commit(changes_of(table, {.upserts = turned, .old_rows = rows})));
      session.check_proof();
      check_shown(*fixture, product, batch_of(table.columns, turned));
    }
  }
}

CONFORMANCE("a refused row of any type is written again exactly", needs::kConstraints) {
  const auto all = cases();
  for (Fixture* fixture : promised) {
    CAPTURE(fixture->name());
    TableSpec table;
    table.name = "orders";
    // Names that SQL gives to whole rows as well.
    table.columns = {{"d", types::TypeId::kInt4, false},
                     {"amount", types::TypeId::kInt8, true},
                     {"u", types::TypeId::kInt4, true},
                     {"t", types::TypeId::kInt4, true}};
    table.identity = {plan::Identity::Kind::kProvedKey, {0}};
    table.parks = true;
    std::size_t most = 0;
    for (const auto& [name, values] : all) most = std::max(most, values.size());
    std::vector<TextRow> rows;
    for (std::size_t i = 0; i < most; ++i) rows.push_back({std::to_string(i), "3000000000", "1", kNull});
    for (const auto& [name, values] : all) {
      auto type = types::parse_type(name);
      REQUIRE_OK(type);
      if (fixture->refuses(*type)) continue;
      table.columns.push_back({fmt::format("v{}", table.columns.size()), *type, true});
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i].push_back(values[i % values.size()]);
    }
    Product product(*fixture);
    Session session(product, table);
    session.fill(changes_of(table, {}));
    const auto controls = session.target().controls();
    REQUIRE_OK(controls);
    fixture->refuse_large_amounts(product.connection(), table, controls->back().place, true);
    REQUIRE_OK(session.commit(changes_of(table, {.upserts = rows, .new_rows = rows.size()})));
    CHECK(session.target().outputs().size() == rows.size());
    session.check_proof();
    fixture->refuse_large_amounts(product.connection(), table, controls->back().place, false);
    auto outcome = session.target().carry_out({LedgerCommand::Verb::kReplay, {}, "", "", true});
    REQUIRE_OK(outcome);
    CHECK(outcome->replayed == static_cast<std::int64_t>(rows.size()));
    session.check_proof();  // of what the table holds
    CHECK(session.target().outputs().empty());
  }
}

}  // namespace offtake::targets_test
