#include "controlplane/view/catalog_json.h"

#include <cmath>

#include "controlplane/view/openapi.h"

namespace offtake::view {
namespace {

json::Value texts(const std::vector<std::string>& values) {
  json::Value out = json::Value::array();
  for (const auto& value : values) out.push_back(value);
  return out;
}

json::Value status_json(const resources::Conditions& conditions) {
  const auto* ready = resources::find_condition(conditions, resources::condition::kReady);
  if (ready == nullptr) {
    return json::Object{{"ready", false}, {"reason", "Pending"}, {"message", "nobody has looked at it yet"}};
  }
  return json::Object{{"ready", ready->status == resources::Truth::kTrue},
                      {"reason", ready->reason},
                      {"message", ready->message}};
}

void add_figures(const catalog::Figures& figures, json::Value& out) {
  out.set("records", figures.records);
  if (figures.bytes) out.set("bytes", *figures.bytes);
  json::Value spark = json::Value::array();
  for (const std::int64_t count : figures.spark) spark.push_back(count);
  out.set("rate", json::Object{{"perSecond", std::round(figures.per_second * 1'000) / 1'000},
                               {"spark", std::move(spark)},
                               {"spanSeconds", catalog::kSparkSpans * catalog::kSparkSpan / 1'000'000}});
  if (figures.oldest) out.set("oldest", base::format_instant(*figures.oldest));
  if (figures.newest) out.set("newest", base::format_instant(*figures.newest));
}

json::Value match_json(const catalog::Match& match) {
  json::Value out = json::Object{{"field", catalog::to_string(match.field)}};
  if (!match.path.empty()) out.set("path", match.path);
  out.set("text", match.text);
  json::Value ranges = json::Value::array();
  for (const auto& [from, to] : match.ranges) ranges.push_back(json::Array{from, to});
  out.set("ranges", std::move(ranges));
  return out;
}

}  // namespace

void add_item(const catalog::Item& item, json::Value& out) {
  const catalog::Entry& entry = *item.hit.entry;
  const resources::Dataset& dataset = entry.dataset;
  out.set("namespace", dataset.metadata.namespace_name);
  out.set("name", dataset.metadata.name);
  out.set("type", resources::text_of(dataset.spec.type));
  out.set("description", dataset.spec.description);
  out.set("owner", dataset.spec.owner);
  out.set("tags", texts(dataset.spec.tags));
  if (entry.schema_known) out.set("columns", static_cast<std::int64_t>(entry.columns.size()));
  out.set("key", texts(dataset.spec.key ? dataset.spec.key->columns : std::vector<std::string>()));
  if (dataset.spec.event_time) out.set("eventTime", dataset.spec.event_time->column);
  out.set("store", dataset.spec.source.event_store_name);
  out.set("topic", dataset.spec.source.topic);
  out.set("classifications", texts(catalog::classifications_of(entry)));
  out.set("status", status_json(dataset.status.conditions));
  if (item.figures != nullptr) add_figures(*item.figures, out);
  out.set("products", item.hit.products);
  out.set("readable", item.readable.ok());
  if (!item.readable) {
    out.set("denied",
            json::Object{{"message", item.readable.error().message}, {"hint", item.readable.error().hint}});
  }
}

json::Value catalog_json(const catalog::Answer& answer) {
  json::Value out = json::Object{{"apiVersion", kGroupVersion}, {"kind", "Catalog"}};
  json::Value items = json::Value::array();
  for (const catalog::Item& item : answer.items) {
    json::Value one = json::Value::object();
    add_item(item, one);
    json::Value matches = json::Value::array();
    for (const catalog::Match& match : item.hit.matches) matches.push_back(match_json(match));
    one.set("matches", std::move(matches));
    items.push_back(std::move(one));
  }
  out.set("items", std::move(items));
  out.set("total", answer.total);
  if (!answer.next.empty()) out.set("continue", answer.next);
  json::Value facets = json::Value::object();
  for (const catalog::Facet facet : catalog::kFacets) {
    json::Value values = json::Value::array();
    const auto found = answer.facets.find(facet);
    if (found != answer.facets.end()) {
      for (const catalog::FacetValue& value : found->second)
        values.push_back(json::Object{{"value", value.value}, {"count", value.count}});
    }
    facets.set(catalog::to_string(facet), std::move(values));
  }
  out.set("facets", std::move(facets));
  return out;
}

}  // namespace offtake::view
