#include "controlplane/view/openapi.h"

namespace offtake::view {
namespace {

using namespace shape;

const Parameter kReader = {
    "reader", "string",
    "A namespace: who may read what is told for its products; absent: each dataset's own"};

std::vector<Member> joined(std::vector<Member> first, std::vector<Member> more) {
  for (Member& member : more) first.push_back(std::move(member));
  return first;
}

std::vector<Member> head() {
  return {{"apiVersion", text(kGroupVersion)}, {"kind", text("What it is")}};
}

json::Value problems() {
  return list(any(""), "code, message, hint");
}

// What items of the catalogue and one dataset say alike.
std::vector<Member> item_members() {
  return {{"namespace", text("")},
          {"name", text("")},
          {"type", one_of({"Event", "Entity"}, "")},
          {"description", text("")},
          {"owner", text("")},
          {"tags", list(text(""), "")},
          {"columns?", integer("How many; absent until its schema is known")},
          {"key", list(text(""), "Columns of the key, in order")},
          {"eventTime?", text("The column that is the time of an event")},
          {"store", text("The EventStore")},
          {"topic", text("")},
          {"classifications", list(text(""), "Of its columns, each once")},
          {"status", ref("CatalogStatus")},
          {"records?", integer("Offsets that are kept: an upper bound where a topic is compacted")},
          {"bytes?", integer("An estimate by the newest records")},
          {"rate?", ref("CatalogRate")},
          {"oldest?", instant("Timestamp of the first record that is kept")},
          {"newest?", instant("Timestamp of the last record")},
          {"products", integer("Products that name it")},
          {"readable", truth("Whether products of the reader may read it")},
          {"denied?", object({{"message", text("")}, {"hint", text("")}}, "Why not, and whom to ask")}};
}

json::Value reference(std::string_view doc) {
  return object({{"namespace", text("")}, {"name", text("")}}, doc);
}

json::Value dataset_schema() {
  return object(
      joined(joined(head(), item_members()),
             {{"createdAt?", instant("")},
              {"partitions?", list(object({{"partition", integer("")},
                                           {"earliest", integer("First offset that is kept")},
                                           {"latest", integer("One past the last")}},
                                          ""),
                                   "")},
              {"retention?", text("Forever, or a duration")},
              {"cleanup?", one_of({"Delete", "Compact"}, "")},
              {"subject", text("Of the registry")},
              {"schemaVersion?", integer("The one that `schema` shows")},
              {"keyFrom?", one_of({"Value", "RecordKey"}, "")},
              {"access", any("from: Same, All or Selector; selector")},
              {"sla", list(any(""), "property, value, unit")},
              {"schema", list(ref("CatalogColumn"), "")},
              {"versions", list(ref("CatalogVersion"), "The newest 20, newest first")},
              {"versionsTotal", integer("")},
              {"relationships", list(ref("CatalogRelationship"), "")},
              {"usedBy", list(object({{"namespace", text("")},
                                      {"name", text("")},
                                      {"owner", text("")},
                                      {"ready", truth("")},
                                      {"reason?", text("")},
                                      {"className?", text("")},
                                      {"columns?", list(text(""), "That its plan reads")}},
                                     ""),
                              "Products that read it")},
              {"producer?", reference("The DataProduct that writes it")},
              {"pending", list(text(""), "What has not been answered yet: schema, versions, figures")},
              {"unavailable", list(text(""), "Why something is not there, in sentences")}}),
      "One dataset");
}

std::vector<Member> schemas() {
  return {
      {"Catalog", object(joined(head(), {{"items", list(ref("CatalogItem"), "")},
                                         {"total", integer("On all pages")},
                                         {"continue?", text("Where the next page begins")},
                                         {"facets", object({{"namespace", list(ref("FacetValue"), "")},
                                                            {"owner", list(ref("FacetValue"), "")},
                                                            {"tag", list(ref("FacetValue"), "")},
                                                            {"type", list(ref("FacetValue"), "")},
                                                            {"store", list(ref("FacetValue"), "")},
                                                            {"classification", list(ref("FacetValue"), "")}},
                                                           "What the other filters leave of each")}}),
                         "A page of datasets, the best first")},
      {"CatalogItem",
       object(joined(item_members(), {{"matches", list(ref("CatalogMatch"), "At most 5")}}), "")},
      {"CatalogStatus",
       object({{"ready", truth("")}, {"reason", text("Of its Ready condition")}, {"message", text("")}}, "")},
      {"CatalogRate",
       object({{"perSecond", number("Records a second over the last five minutes")},
               {"spark", list(integer(""), "Records in 24 equal spans up to now, the oldest first")},
               {"spanSeconds", integer("All of them together")}},
              "")},
      {"CatalogMatch",
       object({{"field", one_of({"name", "tag", "owner", "description", "column"}, "")},
               {"text", text("What was found, cut around it")},
               {"path?", text("Of a column")},
               {"ranges", list(list(integer(""), "From and up to, in UTF-16 code units"), "")}},
              "")},
      {"FacetValue", object({{"value", text("")}, {"count", integer("")}}, "")},
      {"CatalogDataset", dataset_schema()},
      {"CatalogColumn", object({{"path", text("address.city")},
                                {"name", text("")},
                                {"type", text("In SQL; empty where it is refused")},
                                {"nullable", truth("")},
                                {"key?", truth("Part of the key")},
                                {"doc?", text("What the schema says")},
                                {"description?", text("What the Dataset says")},
                                {"classification?", text("pii.email")},
                                {"default?", text("As JSON")},
                                {"values?", list(text(""), "Symbols of an enum")},
                                {"refused?", text("Why it cannot be queried")},
                                {"children?", list(ref("CatalogColumn"), "")}},
                               "")},
      {"CatalogVersion",
       object({{"version", integer("")},
               {"id", integer("Of the schema")},
               {"compatible?", one_of({"Full", "Backward", "Forward", "None"}, "With the version before")},
               {"problems?", list(text(""), "What is in the way")},
               {"changes",
                list(object({{"kind", one_of({"Added", "Removed", "Type", "Nullable", "Default", "Doc"}, "")},
                             {"path", text("")},
                             {"from?", text("")},
                             {"to?", text("")},
                             {"nullable?", truth("Of an added one")}},
                            ""),
                     "Against the version before")}},
              "")},
      {"CatalogRelationship",
       object({{"declared", truth("Else proposed by keys, names and types")},
               {"direction", one_of({"Out", "In"}, "Out: this dataset refers to the other one")},
               {"name?", text("")},
               {"dataset", object({{"namespace", text("")},
                                   {"name", text("")},
                                   {"owner?", text("")},
                                   {"readable?", truth("")}},
                                  "The other one")},
               {"columns", list(object({{"from", text("Of this dataset")},
                                        {"to", text("Of the other one")},
                                        {"fromType?", text("")},
                                        {"toType?", text("")}},
                                       ""),
                                "")},
               {"reason", text("")},
               {"problem?", text("What is wrong with a declared one")}},
              "")},
      {"Sample",
       object(joined(head(), {{"namespace", text("")},
                              {"name", text("")},
                              {"errors", problems()},
                              {"waiting", problems()},
                              {"columns", list(object({{"name", text("")},
                                                       {"type", text("In SQL")},
                                                       {"masked?", truth("Its values show as •••")}},
                                                      ""),
                                               "")},
                              {"rows", list(list(text_or_null("NULL"), ""), "Cells as text, newest first")},
                              {"moreRows", truth("")},
                              {"recordsRead", integer("")},
                              {"backTo?", instant("The earliest of them")},
                              {"whole", truth("Back to the topic's first record")},
                              {"badRecords", list(text(""), "That do not decode")},
                              {"badRecordsCount", integer("")}}),
              "The newest records of a dataset")},
      {"Lineage",
       object(joined(head(),
                     {{"root", text("Id of the node that was asked for")},
                      {"nodes", list(object({{"id", text("dataset/retail/orders")},
                                             {"kind", one_of({"Dataset", "DataProduct", "Target"}, "")},
                                             {"namespace", text("")},
                                             {"name", text("")},
                                             {"owner?", text("")},
                                             {"type?", text("Of a Dataset")},
                                             {"ready?", truth("")},
                                             {"reason?", text("")},
                                             {"className?", text("Of a Target")},
                                             {"engine?", text("Of a Target")},
                                             {"readable?", truth("Of a Dataset")},
                                             {"missing?", truth("Named, and not there")},
                                             {"depth", integer("Steps from the root; negative upstream")},
                                             {"more?", integer("Neighbours that are not shown")}},
                                            ""),
                                     "At most 60, the nearest first")},
                      {"edges", list(object({{"from", text("")},
                                             {"to", text("")},
                                             {"columns?", list(text(""), "That a product reads")}},
                                            ""),
                                     "In the direction in which data flows")},
                      {"truncated", truth("There was no room for more nodes")}}),
              "What comes from what")}};
}

}  // namespace

OpenApiPart catalog_part() {
  const std::string dataset = "/namespaces/{namespace}/datasets/{name}";
  OpenApiPart out;
  out.operations = {
      {"/catalog",
       "get",
       "searchCatalog",
       "Datasets that have all the words, or all of them; never waits for a store or a registry",
       {{"q", "string", "Words"},
        {"namespace", "string", "Any of these", true},
        {"owner", "string", "Any of these", true},
        {"tag", "string", "Any of these", true},
        {"type", "string", "Event, Entity", true},
        {"store", "string", "Any of these EventStores", true},
        {"classification", "string", "Any of these, and what is below them: pii has pii.email", true},
        kReader,
        {"limit", "integer", "1 to 200, default 50"},
        {"continue", "string", "Where the page before ended"}},
       nullptr,
       ref("Catalog")},
      {dataset, "get", "getCatalogDataset", "One dataset in full", {kReader}, nullptr, ref("CatalogDataset")},
      {dataset + "/sample",
       "get",
       "sampleDataset",
       "Its newest records, classified values masked",
       {{"limit", "integer", "1 to 200, default 20"}, kReader},
       nullptr,
       ref("Sample")},
      {dataset + "/lineage",
       "get",
       "getDatasetLineage",
       "What it comes from and what is made of it",
       {kReader},
       nullptr,
       ref("Lineage")},
      {"/namespaces/{namespace}/dataproducts/{name}/lineage",
       "get",
       "getProductLineage",
       "What it is made of and what it feeds",
       {kReader},
       nullptr,
       ref("Lineage")}};
  out.schemas = schemas();
  return out;
}

}  // namespace offtake::view
