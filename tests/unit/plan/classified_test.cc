#include "operators/plan/classified.h"

#include <doctest/doctest.h>

#include "operators/plan/lineage.h"

namespace offtake::test {
namespace {

using types::TypeId;

plan::NodePtr node(decltype(plan::Node::node) kind, std::vector<types::Field> output) {
  return std::make_shared<const plan::Node>(plan::Node{std::move(kind), std::move(output)});
}

}  // namespace

TEST_CASE("a classification covers the column, what is in it and what it is in") {
  plan::SourceUse use;
  use.classified = {"address.street", "email"};
  CHECK(plan::is_classified(use, "email"));
  CHECK(plan::is_classified(use, "address"));
  CHECK(plan::is_classified(use, "address.street"));
  CHECK(plan::is_classified(use, "address.street.number"));
  CHECK_FALSE(plan::is_classified(use, "address.city"));
  CHECK_FALSE(plan::is_classified(use, "emails"));
}

TEST_CASE("classified values are followed through expressions, groups and renames; counts show none") {
  plan::Plan plan;
  plan::SourceUse use;
  use.columns = {{"id", TypeId::kInt8, false}, {"email", TypeId::kText, true}, {"city", TypeId::kText, true}};
  plan.sources = {use};
  const auto scan = node(
      plan::Scan{0, {0, 1, 2}},
      {{"p.id", TypeId::kInt8, false}, {"p.email", TypeId::kText, true}, {"p.city", TypeId::kText, true}});
  const auto lowered = std::make_shared<const plan::Expression>(plan::Expression{
      plan::Call{"lower", {plan::column(1, TypeId::kText, true)}}, types::Type(TypeId::kText), true, -1});
  const auto project = node(plan::Project{scan, {lowered, plan::column(2, TypeId::kText, true)}},
                            {{"contact", TypeId::kText, true}, {"town", TypeId::kText, true}});
  plan::GroupBy group;
  group.input = project;
  group.group = {1};
  group.aggregates = {{plan::Aggregate::kMin, 0, types::Type(TypeId::kText)},
                      {plan::Aggregate::kCount, 0, types::Type(TypeId::kInt8)},
                      {plan::Aggregate::kCountAll, -1, types::Type(TypeId::kInt8)}};
  plan.root = node(group, {{"town", TypeId::kText, true},
                           {"first_contact", TypeId::kText, true},
                           {"contacts", TypeId::kInt8, false},
                           {"n", TypeId::kInt8, false}});
  const auto lineage = plan::lineage_of(plan);
  REQUIRE(lineage.size() == 4);
  CHECK((lineage[0].columns == std::set<std::pair<int, int>>{{0, 2}} && lineage[0].same));
  CHECK((lineage[1].columns == std::set<std::pair<int, int>>{{0, 1}} && !lineage[1].same));
  CHECK((lineage[2].columns.empty() && lineage[3].columns.empty()));
  CHECK(plan::classified_names(plan).empty());
  plan.sources[0].classified = {"email"};
  CHECK(plan::classified_names(plan) ==
        std::set<std::string>{"contact", "email", "first_contact", "p.email"});
}

TEST_CASE("what a message quotes is hidden from its first quote to its last") {
  CHECK(plan::without_quoted("division by zero") == "division by zero");
  CHECK(plan::without_quoted("invalid input syntax for type date: \"a\"b\"") ==
        "invalid input syntax for type date: \"•••\"");
  CHECK(plan::without_quoted(
            "failed to parse field [name] with id '2'. Preview of field's value: 'O'Neil\"'") ==
        "failed to parse field [name] with id '•••'");
  CHECK(plan::without_quoted("the field's value is missing") == "the field's value is missing");
}

}  // namespace offtake::test
