#include "controlplane/cli/demo/history.h"

#include "controlplane/cli/apply_documents.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/demo/examples.h"
#include "controlplane/cli/demo/writer.h"
#include "controlplane/cli/progress.h"
#include "controlplane/cli/wait_for.h"
#include "controlplane/resources/document.h"
#include "controlplane/sql/compile.h"

namespace offtake::cli::demo {
namespace {

// "retail.orders" in namespace retail is "shop.orders" in shop: two companies do not write into one topic.
void rename_within(json::Value& parent, std::string_view member, std::string_view from, std::string_view to) {
  const std::string name = parent.string_or(member);
  if (name.starts_with(from) && name.substr(from.size()).starts_with('.'))
    parent.set(member, std::string(to) + name.substr(from.size()));
}

void move_to(const ExamplePlace& place, json::Value& object) {
  const bool is_dataset = object.string_or("kind") == "Dataset";
  if (!place.namespace_name.empty()) {
    json::Value& metadata = object.get_or_add("metadata");
    const std::string before = metadata.string_or("namespace");
    metadata.set("namespace", place.namespace_name);
    if (is_dataset) {
      json::Value& spec = object.get_or_add("spec");
      rename_within(spec.get_or_add("source"), "topic", before, place.namespace_name);
      rename_within(spec.get_or_add("schema"), "subject", before, place.namespace_name);
    }
  }
  if (!place.event_store.empty() && is_dataset)
    object.get_or_add("spec").get_or_add("source").set("eventStoreName", place.event_store);
  if (place.edit) place.edit(object);
}

}  // namespace

bool apply_example(ApiClient& client, std::string_view file, const ExamplePlace& place, Console& console) {
  for (const Example& example : examples()) {
    if (example.file != file) continue;
    auto documents = resources::read_documents(
        example.text, std::string(example.file),
        [](const resources::DataProduct& product) { return sql::check_grammar(product.spec.sql); });
    for (resources::Document& document : documents) move_to(place, document.object);
    return apply_documents(client, documents, {}, console);
  }
  console.error(base::internal(fmt::format("no example {}", file)));
  return false;
}

base::Status wait_for_datasets(ApiClient& client, const std::string& namespace_name,
                               std::span<const std::string_view> datasets, Console& console,
                               const std::stop_token& stop) {
  for (const std::string_view name : datasets) {
    ObjectName object{&resources::kind_of<resources::Dataset>(), namespace_name, std::string(name)};
    WaitChoices choices;
    choices.stop = stop;
    if (auto ready = wait_for_condition(client, object, "Ready", "True", choices, console); !ready)
      return ready;
  }
  return {};
}

base::Status write_history(ApiClient& client, const std::string& namespace_name, Company& company,
                           Console& console, const std::stop_token& stop) {
  constexpr std::size_t kBatchRecords = 2'000;
  auto writer = RecordWriter::open(client, namespace_name, company.datasets(), kBatchRecords);
  if (!writer) return std::move(writer).error();
  ProgressBar bar(console, "written", "records");
  std::int64_t made = 0;
  while (auto event = company.next()) {
    if (auto written = (*writer)->write(*event); !written) return written;
    if (++made % 5'000 == 0) {
      bar.update((*writer)->sent(), std::max(company.total(), made));
      if (stop.stop_requested()) return base::terminal("Cancelled", "stopped");
    }
  }
  if (auto flushed = (*writer)->flush(); !flushed) return flushed;
  bar.update((*writer)->sent(), (*writer)->sent());
  bar.finish();
  return {};
}

}  // namespace offtake::cli::demo
