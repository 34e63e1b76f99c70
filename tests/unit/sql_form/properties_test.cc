// What must hold for every query: the form says all that is needed to build it again, an edit and its
// opposite leave no trace, comments survive, places lie in the text.
#include <doctest/doctest.h>

#include <algorithm>

#include "controlplane/sql/form/edit.h"
#include "tests/unit/sql_form/describe.h"
#include "tests/unit/sql_form/queries.h"

namespace offtake::test {
namespace {

using namespace sql::form;

constexpr unsigned kQueries = 400;
const std::string kDatasets = std::string(OFFTAKE_SOURCE_DIR) + "/tests/unit/sql";

// USING and an alias that says the same again are handwriting.
std::string meaning(const Form& form) {
  std::string out = describe(form);
  for (const std::string_view noise : {" using", " (named)"}) {
    for (std::size_t at; (at = out.find(noise)) != std::string::npos;) out.erase(at, noise.size());
  }
  return out;
}

std::string apply(const std::string& sql, const Edit& edit, const sql::Catalog& catalog) {
  auto edited = sql::form::edit(form_input(sql, catalog), edit);
  REQUIRE_MESSAGE(
      edited.ok(),
      sql << "\nrefused: " << (edited.ok() ? "" : edited.error().text() + "\n" + edited.error().detail));
  if (sql.find("\r\n") != std::string::npos) {
    for (std::size_t at = 0; (at = edited->sql.find('\n', at)) != std::string::npos; ++at)
      CHECK(edited->sql[at - 1] == '\r');
  }
  const Range changed = edited->changed;
  const std::string_view after = edited->sql;
  CHECK(sql.starts_with(after.substr(0, static_cast<std::size_t>(changed.begin))));
  CHECK(sql.ends_with(after.substr(static_cast<std::size_t>(changed.end))));
  return edited->sql;
}

Form form_of(const std::string& sql, const sql::Catalog& catalog) {
  const Analysis analysis = analyse(form_input(sql, catalog));
  check_ranges(analysis, sql);
  REQUIRE_MESSAGE(analysis.form.has_value(), sql << "\n"
                                                 << (analysis.undrawable ? analysis.undrawable->reason : ""));
  return *analysis.form;
}

void check_comments(const RandomQuery& query, const std::string& sql) {
  for (const std::string& comment : query.comments) {
    const std::size_t at = sql.find(comment);
    CHECK_MESSAGE(at != std::string::npos, comment << " is gone from\n" << query.sql << "\nnow\n" << sql);
    CHECK(sql.find(comment, at + 1) == std::string::npos);
  }
}

Condition condition_of(const FormFilter& filter) {
  if (filter.predicate) return {filter.predicate, ""};
  return {std::nullopt, filter.text};
}

// The edits that build this form from an empty text.
std::vector<Edit> building(const Form& form) {
  std::vector<Edit> out;
  for (std::size_t i = 0; i < form.datasets.size(); ++i) {
    AddDataset add{form.datasets[i].id, form.datasets[i].alias, {}};
    if (i > 0) add.join = JoinSpec{form.joins[i - 1].type, form.joins[i - 1].pairs};
    out.push_back(std::move(add));
  }
  for (const FormColumn& column : form.columns) {
    AddColumn add;
    if (column.named) add.name = column.name;
    if (column.kind == ColumnKind::kColumn) {
      add.dataset = column.source->dataset;
      add.columns = {column.source->column};
      if (!add.name) add.name = column.name;
    } else {
      add.expression = column.text;
    }
    out.push_back(std::move(add));
  }
  for (const FormFilter& filter : form.filters) out.push_back(AddFilter{condition_of(filter)});
  if (form.groups.empty()) return out;
  SetGroupBy set;
  for (const FormGroup& group : form.groups) {
    if (group.source && !group.column) {
      set.items.push_back({group.source, ""});
    } else {
      set.items.push_back({std::nullopt, group.text});
    }
  }
  out.push_back(std::move(set));
  return out;
}

// A name without a table that the dataset has as well gets one when the dataset comes in.
bool has_bare_columns(const Form& form) {
  return std::any_of(form.columns.begin(), form.columns.end(), [](const FormColumn& column) {
    return column.kind != ColumnKind::kStar && column.text.find('.') == std::string::npos;
  });
}

Source some_column(Random& random, const RandomQuery& query, const Form& form, std::string& value) {
  const std::size_t place = static_cast<std::size_t>(random.below(static_cast<int>(query.datasets.size())));
  const TestColumn& column = random.pick(test_datasets()[query.datasets[place]].columns);
  value = random.pick(column.values);
  return {form.datasets[place].alias, column.name};
}

void check_there_and_back(const RandomQuery& query, const Edit& there, const Edit& back,
                          const sql::Catalog& catalog) {
  const std::string changed = apply(query.sql, there, catalog);
  CHECK(changed != query.sql);
  check_comments(query, changed);
  const std::string again = apply(changed, back, catalog);
  CHECK_MESSAGE(again == query.sql, "edit " << there.index() << "\n"
                                            << query.sql << "\nthere:\n"
                                            << changed << "\nback:\n"
                                            << again);
}

}  // namespace

TEST_CASE("a form is enough to build its query from nothing") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  for (unsigned seed = 0; seed < kQueries; ++seed) {
    Random random(seed);
    const RandomQuery query = random_query(random);
    CAPTURE(seed);
    CAPTURE(query.sql);
    const Form form = form_of(query.sql, catalog);
    std::string sql;
    for (const Edit& edit : building(form)) sql = apply(sql, edit, catalog);
    const Form built = form_of(sql, catalog);
    CHECK_MESSAGE(meaning(built) == meaning(form), query.sql << "\nbuilt:\n" << sql);
    // What is built is built again as it is.
    std::string again;
    for (const Edit& edit : building(built)) again = apply(again, edit, catalog);
    CHECK(again == sql);
  }
}

TEST_CASE("what is built from a form is planned as its query is") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  int compared = 0;
  for (unsigned seed = 0; seed < kQueries; ++seed) {
    Random random(seed);
    const RandomQuery query = random_query(random);
    const Analysis analysis = analyse(form_input(query.sql, catalog));
    if (!analysis.compiled || query.turned) continue;
    // A star shows the columns of USING once, and those of ON twice.
    const bool merges = std::any_of(analysis.form->joins.begin(), analysis.form->joins.end(),
                                    [](const FormJoin& join) { return join.is_using; });
    if (merges && analysis.form->columns.front().kind == ColumnKind::kStar) continue;
    std::string sql;
    for (const Edit& edit : building(*analysis.form)) sql = apply(sql, edit, catalog);
    const Analysis built = analyse(form_input(sql, catalog));
    REQUIRE_MESSAGE(built.compiled.has_value(), query.sql << "\nbuilt:\n" << sql);
    CHECK_MESSAGE(plan::explain(built.compiled->plan) == plan::explain(analysis.compiled->plan),
                  query.sql << "\nbuilt:\n"
                            << sql);
    ++compared;
  }
  CHECK(compared >= 100);
}

TEST_CASE("an edit and its opposite leave no trace") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  int tried[8] = {};
  for (unsigned seed = 1000; seed < 1000 + kQueries; ++seed) {
    Random random(seed);
    const RandomQuery query = random_query(random);
    const Form form = form_of(query.sql, catalog);
    CAPTURE(seed);
    std::string value;
    const Source source = some_column(random, query, form, value);
    const int count = static_cast<int>(form.columns.size());
    const int place = random.below(count + 1);
    check_there_and_back(query, AddColumn{source.dataset, {source.column}, {}, "added", place},
                         RemoveColumn{place}, catalog);
    ++tried[0];
    check_there_and_back(query, AddAggregate{"count", source, {}, false}, RemoveColumn{count}, catalog);
    const int filters = static_cast<int>(form.filters.size());
    const Predicate predicate{source, Operator::kEqual, {value}};
    check_there_and_back(query, AddFilter{{predicate, ""}}, RemoveFilter{filters}, catalog);
    ++tried[1];
    if (filters > 0) {
      const int index = random.below(filters);
      const std::string& text = form.filters[static_cast<std::size_t>(index)].text;
      if (text.find("/*") == std::string::npos) {
        const Predicate other{source, Operator::kNotIn, {value, value}};
        check_there_and_back(query, SetFilter{index, {other, ""}}, SetFilter{index, {std::nullopt, text}},
                             catalog);
        ++tried[2];
      }
    }
    const int column = random.below(count);
    const FormColumn& named = form.columns[static_cast<std::size_t>(column)];
    const bool grouped = std::any_of(form.groups.begin(), form.groups.end(),
                                     [&](const auto& group) { return group.column == column; });
    if (named.kind != ColumnKind::kStar && !grouped &&
        named.text + " c" + std::to_string(column) != query.sql &&
        query.sql.find(named.text + " c") == std::string::npos) {
      const bool quoted = named.named && query.sql.find('"' + named.name + '"') != std::string::npos;
      if (!quoted) {
        check_there_and_back(query, RenameColumn{column, "Other \"name\""},
                             RenameColumn{column, named.named ? named.name : ""}, catalog);
        ++tried[3];
      }
    }
    if (count > 1) {
      ReorderColumns order, inverse;
      for (int i = 0; i < count; ++i) order.order.push_back(i);
      random.shuffle(order.order);
      inverse.order.resize(order.order.size());
      for (int i = 0; i < count; ++i)
        inverse.order[static_cast<std::size_t>(order.order[static_cast<std::size_t>(i)])] = i;
      const std::string changed = apply(query.sql, order, catalog);
      check_comments(query, changed);
      CHECK(apply(changed, inverse, catalog) == query.sql);
      ++tried[4];
    }
    if (!form.joins.empty()) {
      const std::size_t join = static_cast<std::size_t>(random.below(static_cast<int>(form.joins.size())));
      const bool left = form.joins[join].type == JoinType::kLeft;
      const std::string text = query.sql.substr(static_cast<std::size_t>(form.joins[join].range.begin), 5);
      if (text != "INNER" && text != "inner") {
        const std::string& alias = form.datasets[join + 1].alias;
        check_there_and_back(query, SetJoin{alias, left ? JoinType::kInner : JoinType::kLeft, {}},
                             SetJoin{alias, left ? JoinType::kLeft : JoinType::kInner, {}}, catalog);
        ++tried[5];
      }
    }
    SetGroupBy before, after;
    for (const FormGroup& group : form.groups) before.items.push_back({std::nullopt, group.text});
    after = before;
    after.items.push_back({source, ""});
    check_there_and_back(query, after, before, catalog);
    ++tried[6];
    for (const TestJoin& join : test_joins()) {
      const auto at = std::find(query.datasets.begin(), query.datasets.end(), join.left);
      if (at == query.datasets.end() ||
          std::find(query.datasets.begin(), query.datasets.end(), join.right) != query.datasets.end())
        continue;
      if (has_bare_columns(form) || query.datasets.size() == 1) break;
      const std::string& alias = form.datasets[static_cast<std::size_t>(at - query.datasets.begin())].alias;
      const AddDataset add{{"retail", test_datasets()[join.right].name},
                           "added",
                           JoinSpec{JoinType::kLeft, {{{alias, join.left_column}, join.right_column}}}};
      check_there_and_back(query, add, RemoveDataset{"added"}, catalog);
      ++tried[7];
      break;
    }
  }
  for (const int count : tried) CHECK(count >= 50);
}

TEST_CASE("whatever is removed, comments stay and the rest is drawn as before") {
  const sql::Catalog catalog = test_catalog(kDatasets);
  for (unsigned seed = 5000; seed < 5000 + kQueries; ++seed) {
    Random random(seed);
    const RandomQuery query = random_query(random);
    CAPTURE(seed);
    CAPTURE(query.sql);
    std::string sql = query.sql;
    for (Form form = form_of(sql, catalog); form.columns.size() + form.filters.size() > 1;
         form = form_of(sql, catalog)) {
      const bool column = form.filters.empty() || (form.columns.size() > 1 && random.one_in(2));
      const int index = random.below(static_cast<int>(column ? form.columns.size() : form.filters.size()));
      const std::string before = sql;
      sql = column ? apply(sql, RemoveColumn{index}, catalog) : apply(sql, RemoveFilter{index}, catalog);
      check_comments(query, sql);
      const Form after = form_of(sql, catalog);
      std::vector<std::string> wanted, found;
      for (std::size_t i = 0; i < form.columns.size(); ++i) {
        if (!column || static_cast<int>(i) != index) wanted.push_back(form.columns[i].text);
      }
      for (std::size_t i = 0; i < form.filters.size(); ++i) {
        if (column || static_cast<int>(i) != index) wanted.push_back(form.filters[i].text);
      }
      for (const FormColumn& item : after.columns) found.push_back(item.text);
      for (const FormFilter& item : after.filters) found.push_back(item.text);
      CHECK_MESSAGE(found == wanted, before << "\nnow\n" << sql);
    }
  }
}

}  // namespace offtake::test
