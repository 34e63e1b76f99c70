// The history of a company, written into a server that runs.
#pragma once
#include <stop_token>

#include "controlplane/cli/api_client.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/demo/company.h"

namespace offtake::cli::demo {

// Where an example's objects go, if not where the file says.
struct ExamplePlace {
  std::string namespace_name;
  std::string event_store;                      // of Datasets
  std::function<void(json::Value&)> edit = {};  // of each object, last
};

// Applies an example file ("retail/datasets.yaml").
bool apply_example(ApiClient& client, std::string_view file, const ExamplePlace& place, Console& console);
base::Status wait_for_datasets(ApiClient& client, const std::string& namespace_name,
                               std::span<const std::string_view> datasets, Console& console,
                               const std::stop_token& stop);
// All that is left of the company's history; the datasets of `namespace_name` must be ready. All of it is
// acknowledged then.
base::Status write_history(ApiClient& client, const std::string& namespace_name, Company& company,
                           Console& console, const std::stop_token& stop);

}  // namespace offtake::cli::demo
