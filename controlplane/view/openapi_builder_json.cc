#include "controlplane/view/openapi.h"

namespace offtake::view {
namespace {

using namespace shape;

json::Value range() {
  return list(integer(""), "First byte and the one behind the last, of the UTF-8 text");
}

json::Value request(std::vector<Member> more) {
  std::vector<Member> members = {
      {"sql", text("The query; may be empty")},
      {"target?",
       object({{"className?", text("The TargetClass: what its engine makes of the columns")}}, "")},
      {"key?", list(text(""), "spec.target.key; absent: inferred")},
      {"history?", text("spec.history.from")},
      {"proposals?", truth("Whether joins are proposed; true where it is absent")},
      {"objects?", list(any(""), "Datasets about to be stored; stored ones count as they are stored")}};
  for (Member& member : more) members.push_back(std::move(member));
  return object(std::move(members), "");
}

json::Value source(std::string_view doc) {
  return object({{"dataset", text("Its alias in the query")},
                 {"column?", text("A field of a record by its path: a.b")}},
                doc);
}

json::Value pairs() {
  return list(object({{"left", source("")}, {"column", text("Of the dataset that is joined")}}, ""),
              "Columns that are equal");
}

std::vector<Member> dataset_column() {
  return {{"name", text("Of a field within a record: its path, a.b")},
          {"type", text("In SQL")},
          {"nullable", truth("Itself, or a record around it")},
          {"key", truth("")},
          {"classified", truth("Its values are not shown")},
          {"used", truth("The query reads it, all of it")},
          {"selected?", integer("The form's column that is just this one")},
          {"fields?", list(ref("SqlDatasetColumn"), "Of a record whose fields can be taken by themselves")}};
}

std::vector<Member> form_members() {
  return {
      {"datasets", list(object({{"alias", text("")},
                                {"namespace", text("")},
                                {"name", text("")},
                                {"range", range()},
                                {"state", one_of({"Ready", "Missing", "Denied", "Unavailable"}, "")},
                                {"message?", text("Why it is not Ready")},
                                {"type?", one_of({"Event", "Entity"}, "")},
                                {"key?", list(text(""), "")},
                                {"columns?", list(ref("SqlDatasetColumn"), "")}},
                               ""),
                        "In the order of FROM")},
      {"joins", list(object({{"dataset", text("The alias of the dataset that is joined")},
                             {"type", one_of({"Inner", "Left"}, "")},
                             {"using", truth("Written with USING")},
                             {"pairs", pairs()},
                             {"range", range()}},
                            ""),
                     "joins[i] joins datasets[i + 1]")},
      {"columns",
       list(
           object({{"kind", one_of({"Column", "Star", "Aggregate", "Expression"}, "")},
                   {"text", text("Without its name")},
                   {"name?", text("Of the result")},
                   {"named", truth("The name is written")},
                   {"source?", source("Of Column; of Star without a column")},
                   {"aggregate?",
                    object({{"function", text("")}, {"source?", source("")}, {"text?", text("The argument")}},
                           "")},
                   {"range", range()}},
                  ""),
           "")},
      {"filters",
       list(object({{"kind", one_of({"Simple", "Expression"}, "")},
                    {"text", text("")},
                    {"source?", source("")},
                    {"type?", text("Of the column")},
                    {"operator?", one_of({"=", "<>", "<", "<=", ">", ">=", "In", "NotIn", "Between",
                                          "NotBetween", "Like", "NotLike", "IsNull", "IsNotNull"},
                                         "")},
                    {"values?", list(text(""), "In PostgreSQL's text form")},
                    {"range", range()}},
                   ""),
            "All of them hold")},
      {"groupBy", list(object({{"text", text("")},
                               {"source?", source("")},
                               {"column?", integer("The form's column that it names by position or alias")},
                               {"range", range()}},
                              ""),
                       "")}};
}

json::Value diagnostic() {
  return object({{"severity", one_of({"Error", "Warning", "Waiting"}, "Waiting: something is not there yet")},
                 {"code?", text("A stable word")},
                 {"message", text("")},
                 {"hint?", text("What to do")},
                 {"field", text("spec.sql, spec.target.key, spec.target.className")},
                 {"range?", range()},
                 {"line?", integer("From 1")},
                 {"column?", integer("From 1, in characters")}},
                "");
}

json::Value read() {
  return object(
      {{"namespace", text("")},
       {"name", text("")},
       {"columns", list(text(""), "Decoded ones; fields of a record by their paths, a.b")},
       {"columnsTotal", integer("Of the dataset, a record being one")},
       {"windowed", truth("Cut by the history window")},
       {"reason", text("")},
       {"bytes", object({{"read", integer("Of one record")},
                         {"whole", integer("Of one record with all columns")},
                         {"savedPercent", integer("")},
                         {"basis", one_of({"Sample", "Schema"}, "Measured, or told by the types alone")},
                         {"records?", integer("That it was measured on")}},
                        "About")}},
      "A dataset that is read");
}

json::Value proposal() {
  return object({{"namespace", text("")},
                 {"name", text("")},
                 {"owner", text("")},
                 {"description", text("")},
                 {"basis", one_of({"Declared", "Name"}, "By a Dataset, or by key, names and types")},
                 {"reason", text("")},
                 {"pairs", pairs()},
                 {"types", list(object({{"left", text("")}, {"right", text("")}}, ""), "Of each pair")},
                 {"joinable", truth("")},
                 {"problem?", text("Why it cannot be joined so")},
                 {"readable", truth("")},
                 {"denied?", text("Why it may not be read, and whom to ask")}},
                "A dataset that is not in the query");
}

}  // namespace

OpenApiPart builder_part() {
  const std::string path = "/namespaces/{namespace}/sql/";
  OpenApiPart out;
  out.operations = {{path + "analyse",
                     "post",
                     "analyseSql",
                     "A query as a form, and what is to be said of it",
                     {},
                     request({}),
                     ref("SqlAnalysis")},
                    {path + "edit",
                     "post",
                     "editSql",
                     "A query after one edit of its form; 409 where the form is stale, 422 where "
                     "the edit cannot be carried out",
                     {},
                     request({{"hash?", text("Of the form that the edit was made from")},
                              {"edit", any("kind and its members: docs/builder-api.md")}}),
                     ref("SqlAnalysis")}};
  out.schemas = {
      {"SqlDatasetColumn", object(dataset_column(), "A column of a dataset, or a field within one")},
      {"SqlForm", object(form_members(), "A query as a form")},
      {"SqlAnalysis",
       object({{"hash", text("Of the SQL")},
               {"sql", text("")},
               {"changed?", range()},
               {"form?", ref("SqlForm")},
               {"undrawable?", object({{"reason", text("In a sentence for users")},
                                       {"range", range()},
                                       {"line", integer("")},
                                       {"column", integer("")}},
                                      "Why there is no form")},
               {"diagnostics", list(diagnostic(), "By place")},
               {"output?", list(object({{"name", text("")},
                                        {"type", text("In SQL")},
                                        {"nullable", truth("")},
                                        {"masked", truth("Its values are not shown")},
                                        {"targetType?", text("In the target's words")},
                                        {"classification?", text("Of the column that it stems from")}},
                                       ""),
                                "Columns of the result, where the SQL is right")},
               {"key?", object({{"kind", one_of({"Proved", "Watched", "Position", "Bag"}, "")},
                                {"columns", list(text(""), "")},
                                {"text", text("In words")}},
                               "How rows of the result are told apart")},
               {"reads?", list(read(), "")},
               {"proposals?", list(proposal(), "The best first")}},
              "A look at a query")}};
  return out;
}

}  // namespace offtake::view
