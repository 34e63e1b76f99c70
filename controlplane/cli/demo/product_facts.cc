#include "controlplane/cli/demo/product_facts.h"

#include "base/sqlite/database.h"
#include "controlplane/cli/event_sender.h"
#include "operators/targets/sqlite/control.h"

namespace offtake::cli::demo {
namespace {

base::Result<SourceFacts> source_facts(ApiClient& client, const json::Value& planned) {
  SourceFacts out;
  out.dataset = planned.string_or("dataset");
  const auto slash = out.dataset.find('/');
  out.name = out.dataset.substr(slash + 1);
  auto dataset = store::get<resources::Dataset>(client, out.dataset.substr(0, slash), out.name);
  if (!dataset) return std::move(dataset).error();
  const auto& spec = dataset->spec;
  out.topic = spec.source.topic;
  out.entity = spec.type == resources::DatasetType::kEntity;
  out.windowed = planned.string_or("read") == "windowed";
  if (spec.key) out.key_columns = spec.key->columns;
  if (spec.event_time) out.event_time_column = spec.event_time->column;
  auto schema = latest_schema(client, spec.subject());
  if (!schema) return std::move(schema).error();
  out.schemas.emplace(static_cast<int>(schema->id), schema->text);
  return out;
}

base::Result<std::optional<targets::ControlRow>> current_control(const ProductFacts& product) {
  sqlite::Options options;
  options.read_only = true;
  auto target = sqlite::Database::open(product.target, options);
  if (!target) return std::move(target).error();
  auto rows = targets::sqlite::read_controls(*target, product.uid);
  if (!rows) return std::move(rows).error();
  std::optional<targets::ControlRow> out;
  for (auto& row : *rows) {
    if (row.phase == targets::Phase::kCurrent) out = std::move(row);
  }
  return out;
}

}  // namespace

base::Result<ProductFacts> product_facts(ApiClient& client, const std::string& space,
                                         const std::string& name) {
  auto product = store::get<resources::DataProduct>(client, space, name);
  if (!product) return std::move(product).error();
  http::ClientRequest request;
  request.path = view_path(space, name, "plan");
  auto plan = client.call(std::move(request));
  if (!plan) return std::move(plan).error();
  if (!product->status.endpoint) return base::waiting("NoEndpoint", name + " has no endpoint yet");
  ProductFacts out;
  out.title = space + "/" + name;
  out.uid = product->metadata.uid;
  out.sql = product->spec.sql;
  out.target = product->status.endpoint->address;
  out.object = product->status.endpoint->object;
  if (product->status.start_time) out.start_time = product->status.start_time->micros;
  for (const json::Value& planned : (*plan)["sources"].as_array()) {
    auto source = source_facts(client, planned);
    if (!source) return std::move(source).error();
    out.sources.push_back(*std::move(source));
  }
  return out;
}

base::Result<std::int64_t> committed_epochs(const ProductFacts& product) {
  auto control = current_control(product);
  if (!control) return std::move(control).error();
  return control->has_value() ? (*control)->epoch : 0;
}

base::Result<bool> has_reached(const ProductFacts& product,
                               const std::map<std::string, std::map<int, std::int64_t>>& ends) {
  auto control = current_control(product);
  if (!control) return std::move(control).error();
  if (!control->has_value()) return false;
  for (const SourceFacts& source : product.sources) {
    const auto wanted = ends.find(source.dataset);
    if (wanted == ends.end()) continue;
    const auto& offsets = (*control)->offsets[source.dataset];
    for (const auto& [partition, end] : wanted->second) {
      const auto at = offsets.find(partition);
      if (at == offsets.end() || at->second < end) return false;
    }
  }
  return true;
}

}  // namespace offtake::cli::demo
