// Every recorded expression gives what PostgreSQL gave: type, values, NULLs and errors, row by row.
#include "tests/unit/expressions/oracle.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "controlplane/sql/compile.h"
#include "operators/expressions/evaluator.h"

namespace offtake::test {
namespace {

const std::string kFolder = std::string(OFFTAKE_SOURCE_DIR) + "/tests/slt/expressions";

sql::Compiled compile(const Rows& rows, const std::string& expression) {
  sql::CompileInput input;
  input.sql = "SELECT (" + expression + ") AS x FROM v";
  input.default_namespace = "test";
  input.catalog.schema = [&](const sql::DatasetName& name) -> base::Result<sql::DatasetSchema> {
    sql::DatasetSchema schema;
    schema.id = name;
    schema.columns = rows.fields;
    return schema;
  };
  return sql::compile(input);
}

// The projection over the rows, with just the columns that the plan reads.
types::ColumnPtr evaluate(const plan::Plan& plan, const Rows& rows,
                          std::vector<expressions::RowError>& errors) {
  const auto& project = std::get<plan::Project>(plan.root->node);
  const auto& scan = std::get<plan::Scan>(project.input->node);
  types::Batch batch;
  batch.rows = rows.batch.rows;
  for (int column : scan.columns) {
    const std::string& name = plan.sources[0].columns[static_cast<std::size_t>(column)].name;
    for (std::size_t i = 0; i < rows.fields.size(); ++i) {
      if (rows.fields[i].name == name) batch.columns.push_back(rows.batch.columns[i]);
    }
  }
  auto evaluator = expressions::Evaluator::build(project.expressions[0]);
  REQUIRE_MESSAGE(evaluator.ok(), evaluator.error().text());
  return (*evaluator)->evaluate(batch, errors);
}

std::string answer(const types::Column& column, const std::map<std::uint32_t, std::string>& errors,
                   std::size_t row) {
  const auto error = errors.find(static_cast<std::uint32_t>(row));
  if (error != errors.end()) return "! " + error->second;
  return column.is_null(row) ? "NULL" : "= " + types::value_text(column, row);
}

using Used = std::set<const plan::Signature*>;

void collect_signatures(const plan::Expression& expression, Used& used) {
  if (const auto* call = std::get_if<plan::Call>(&expression.node)) {
    std::vector<types::TypeId> arguments;
    for (const auto& argument : call->arguments) arguments.push_back(argument->type.id);
    used.insert(plan::find_signature(call->function, arguments));
  }
  plan::for_each_child(expression,
                       [&](const plan::ExpressionPtr& child) { collect_signatures(*child, used); });
}

std::set<std::string> lines_of(const std::string& path) {
  std::set<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') out.insert(line);
  }
  return out;
}

}  // namespace

TEST_CASE("expressions answer as PostgreSQL") {
  const Rows rows = read_rows(kFolder + "/rows.tsv");
  // What PostgreSQL computes and this version refuses.
  std::set<std::string> refused = lines_of(kFolder + "/refused.list");
  int count = 0;
  Used used;
  for (const Case& one : read_cases(kFolder)) {
    const std::string place = one.file + ":" + std::to_string(one.line) + ": " + one.expression;
    const sql::Compiled compiled = compile(rows, one.expression);
    ++count;
    if (one.answers.front().rfind("refused", 0) == 0) {
      CHECK_MESSAGE(!compiled.errors.empty(), place << ": PostgreSQL refuses it: " << one.answers.front());
      continue;
    }
    if (refused.erase(one.expression) > 0) {
      CHECK_MESSAGE(!compiled.errors.empty(), place << ": is on refused.list");
      continue;
    }
    if (!compiled.ok()) {
      // A constant that raises is refused when the SQL is compiled; in PostgreSQL, too, every row raises.
      const bool same =
          std::all_of(one.answers.begin() + 1, one.answers.end(),
                      [&](const std::string& answer) { return answer == "! " + compiled.errors[0].message; });
      CHECK_MESSAGE(same, place << ": " << compiled.errors[0].text());
      continue;
    }
    CHECK_MESSAGE(types::to_string(compiled.plan.root->output[0].type) == one.answers[0],
                  place << ": type " << types::to_string(compiled.plan.root->output[0].type) << ", not "
                        << one.answers[0]);
    collect_signatures(*std::get<plan::Project>(compiled.plan.root->node).expressions[0], used);
    std::vector<expressions::RowError> errors;
    const types::ColumnPtr column = evaluate(compiled.plan, rows, errors);
    REQUIRE(column->size() == rows.batch.rows);
    std::map<std::uint32_t, std::string> by_row;
    for (const auto& error : errors) by_row.emplace(error.row, error.message);
    for (std::size_t row = 0; row + 1 < one.answers.size(); ++row) {
      const std::string found = answer(*column, by_row, row);
      CHECK_MESSAGE(found == one.answers[row + 1],
                    place << ": row " << row + 1 << ": " << found << ", not " << one.answers[row + 1]);
    }
  }
  CHECK(count > 1000);
  for (const plan::Signature& signature : plan::all_signatures()) {
    std::string text(signature.name);
    for (types::TypeId type : signature.arguments) text += " " + types::to_string(types::Type(type));
    CHECK_MESSAGE(used.count(&signature) > 0, "no case over columns for " << text);
  }
  for (const std::string& left : refused) FAIL_CHECK("refused.list names no case: " << left);
}

}  // namespace offtake::test
