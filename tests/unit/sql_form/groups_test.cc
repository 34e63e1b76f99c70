// What a query groups by stays what it is when the form changes something else: told by the compiled plans.
#include <doctest/doctest.h>

#include "controlplane/sql/form/form_json.h"
#include "tests/unit/sql_form/describe.h"

namespace offtake::test {
namespace {

using namespace sql::form;

const std::string kDatasets = std::string(OFFTAKE_SOURCE_DIR) + "/tests/unit/sql";

// The columns of a node as expressions over columns of datasets: "upper(payments.status)".
std::vector<types::Field> origins(const plan::Plan& plan, const plan::Node& node) {
  std::vector<types::Field> out = node.output;
  if (const auto* scan = std::get_if<plan::Scan>(&node.node)) {
    const plan::SourceUse& source = plan.sources[static_cast<std::size_t>(scan->source)];
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto column = static_cast<std::size_t>(scan->columns[i]);
      out[i].name = source.dataset + "." + source.columns[column].name;
    }
  } else if (const auto* filter = std::get_if<plan::Filter>(&node.node)) {
    out = origins(plan, *filter->input);
  } else if (const auto* project = std::get_if<plan::Project>(&node.node)) {
    const auto input = origins(plan, *project->input);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i].name = plan::to_string(*project->expressions[i], input);
  } else if (const auto* join = std::get_if<plan::Join>(&node.node)) {
    out = origins(plan, *join->left);
    for (types::Field& field : origins(plan, *join->right)) out.push_back(std::move(field));
  }
  return out;
}

std::optional<std::set<std::string>> groups_of(const plan::Plan& plan, const plan::Node& node) {
  if (const auto* group = std::get_if<plan::GroupBy>(&node.node)) {
    const auto input = origins(plan, *group->input);
    std::set<std::string> out;
    for (const int column : group->group) {
      const std::string& name = input[static_cast<std::size_t>(column)].name;
      // What names no column is a constant, which tells no rows apart.
      if (name.find('.') != std::string::npos) out.insert(name);
    }
    return out;
  }
  if (const auto* filter = std::get_if<plan::Filter>(&node.node)) return groups_of(plan, *filter->input);
  if (const auto* project = std::get_if<plan::Project>(&node.node)) return groups_of(plan, *project->input);
  return std::nullopt;
}

std::string grouping(const std::string& sql, const sql::Catalog& catalog) {
  const Analysis analysis = analyse(form_input(sql, catalog));
  REQUIRE_MESSAGE(analysis.compiled.has_value(),
                  sql << "\n"
                      << (analysis.diagnostics.empty() ? "" : analysis.diagnostics[0].message));
  const auto groups = groups_of(analysis.compiled->plan, *analysis.compiled->plan.root);
  return groups ? fmt::format("by {}", fmt::join(*groups, ", ")) : "not grouped";
}

std::string edited(const std::string& sql, const std::string& text, const sql::Catalog& catalog) {
  const auto value = json::parse(text);
  REQUIRE_MESSAGE(value.ok(), text);
  const auto edit = edit_from_json(*value);
  REQUIRE_MESSAGE(edit.ok(), text);
  const auto out = sql::form::edit(form_input(sql, catalog), *edit);
  REQUIRE_MESSAGE(out.ok(), sql << "\n" << text << "\n" << (out.ok() ? "" : out.error().text()));
  return out->sql;
}

struct Case {
  std::string sql, edit;
};

const std::string kOrders =
    R"({"kind":"addDataset","name":"orders","alias":"o","join":{"type":"Inner","pairs":[{"left":{"dataset":"p","column":"order_id"},"column":"order_id"}]}})";
const std::string kOnOther =
    R"({"kind":"setJoin","dataset":"o","pairs":[{"left":{"dataset":"p","column":"payment_id"},"column":"order_id"}]})";
const std::string kStatusFirst =
    R"({"kind":"addColumn","dataset":"p","column":"status","name":"x","position":0})";

const Case kKept[] = {
    // Columns of a new dataset that are called as columns of the result are.
    {"SELECT upper(p.status) AS note, count(*) AS n FROM payments p GROUP BY note", kOrders},
    {"SELECT upper(status) /* loud */ AS note, count(*) AS n FROM payments p GROUP BY 1, note", kOrders},
    {"SELECT p.status, 'EUR' AS note, count(*) AS n FROM payments p GROUP BY p.status, note", kOrders},
    {"SELECT p.status, 5 AS note, count(*) AS n FROM payments p GROUP BY note, p.status", kOrders},
    {"SELECT p.order_id AS \"Note\", count(*) AS n FROM payments p GROUP BY \"Note\"", kOrders},
    {"SELECT status, order_id AS note, count(*) AS n FROM payments p GROUP BY status, note, 2", kOrders},
    {"SELECT upper(p.status) AS s, count(*) AS n FROM payments p GROUP BY s",
     R"({"kind":"renameColumn","index":0,"name":"status"})"},
    // Places, moved along.
    {"SELECT p.status, p.amount, count(*) AS n FROM payments p GROUP BY 1, (2)", kStatusFirst},
    {"SELECT p.status, p.amount, count(*) AS n FROM payments p GROUP BY 1, 2",
     R"({"kind":"removeColumn","index":0})"},
    {"SELECT p.status, p.amount, count(*) AS n FROM payments p GROUP BY 1, 2",
     R"({"kind":"reorderColumns","order":[2,1,0]})"},
    {"SELECT p.status, 7 AS seven, count(*) AS n FROM payments p GROUP BY 1, 2",
     R"({"kind":"removeColumn","index":1})"},
    {"SELECT max(o.status) AS m, p.status AS s, count(*) AS n FROM payments p JOIN orders o ON o.order_id = "
     "p.order_id "
     "GROUP BY 2",
     R"({"kind":"removeDataset","dataset":"o"})"},
    // Places among the columns of stars.
    {"SELECT p.*, status AS s FROM payments p GROUP BY 1, 2, 3, 4, 5, 6", kStatusFirst},
    {"SELECT amount AS a, p.* FROM payments p GROUP BY 1, 2, 3, 4, 5, 6",
     R"({"kind":"removeColumn","index":0})"},
    {"SELECT amount AS a, p.* FROM payments p GROUP BY 1, 2, 3, 4, 5, 6",
     R"({"kind":"reorderColumns","order":[1,0]})"},
    {"SELECT p.*, status AS s FROM payments p GROUP BY 1, 2, 3, 4, 5, 6",
     R"({"kind":"expandStar","index":0})"},
    {"SELECT p.*, status AS s FROM payments p GROUP BY 1, 2, 3, 4, 5, 6",
     R"({"kind":"removeColumn","index":0})"},
    {"SELECT refund_id AS r, p.* FROM refunds p GROUP BY 1, 2, 3, 4",
     R"({"kind":"addColumn","expression":"p.payment_id + 1","name":"x","position":1})"},
    {"SELECT *, upper(email) AS loud FROM people p JOIN customers c USING (email) GROUP BY 1, 2, 3, 4, 5, 6, "
     "7",
     R"({"kind":"expandStar","index":0})"},
};

}  // namespace

TEST_CASE("what a query groups by stays when something else changes") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  for (const Case& one : kKept) {
    const std::string before = grouping(one.sql, catalog);
    const std::string sql = edited(one.sql, one.edit, catalog);
    const Analysis after = analyse(form_input(sql, catalog));
    CAPTURE(one.edit);
    const std::string shown = after.compiled ? grouping(sql, catalog) : "";
    CHECK_MESSAGE(shown == before, one.sql
                                       << "\nbecame\n"
                                       << sql << "\n"
                                       << (after.diagnostics.empty() ? "" : after.diagnostics[0].message));
  }
}

TEST_CASE("a join that shows its columns anew keeps what places mean") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  const std::string sql =
      "SELECT p.amount AS a, *\nFROM payments p\nJOIN orders o USING (order_id)\nGROUP BY 1, 2, 3, order_id";
  CHECK(edited(sql, kOnOther, catalog) ==
        "SELECT p.amount AS a, *\nFROM payments p\nJOIN orders o ON o.order_id = p.payment_id\n"
        "GROUP BY 1, p.order_id, p.payment_id, p.order_id");
  // What comes in is not grouped by itself: the text says so, and the places before the * stay.
  CHECK(edited("SELECT page AS x, *, 1 + visit_id AS more FROM visits v GROUP BY 1, 2, 3, 4, 5",
               R"({"kind":"addDataset","name":"refunds","join":{"type":"Inner","pairs":[)"
               R"({"left":{"dataset":"v","column":"visit_id"},"column":"payment_id"}]}})",
               catalog) ==
        "SELECT page AS x, *, 1 + visit_id AS more FROM visits v JOIN refunds r ON r.payment_id = v.visit_id "
        "GROUP BY 1, v.visit_id, v.previous_id, v.page, 1 + visit_id");
}

TEST_CASE("constants and what has an aggregate in it are no groups") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  const std::string count = R"({"kind":"addAggregate","function":"count","group":true})";
  for (const auto& [columns, groups] : std::initializer_list<std::pair<std::string, std::string>>{
           {"p.status, 'EUR' AS currency", "by payments.status"},
           {"p.status, 5 AS five, 1 + 1 AS two, NULL AS none", "by payments.status"},
           {"5 AS five", "by "},
           {"p.status, round(avg(p.amount), 2) AS mean", "by payments.status"},
           {"upper(p.status) /* loud */ AS s", "by upper(payments.status)"}}) {
    CHECK(grouping(edited("SELECT " + columns + " FROM payments p", count, catalog), catalog) == groups);
  }
}

}  // namespace offtake::test
