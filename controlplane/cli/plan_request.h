// Plans asked from the server, with places in the files they came from.
#pragma once
#include <vector>

#include "controlplane/cli/api_client.h"
#include "controlplane/cli/console.h"
#include "controlplane/resources/document.h"

namespace offtake::cli {

struct PlanAnswer {
  json::Value plan;                  // as the view API gives it; null when the object itself is refused
  std::vector<base::Error> errors;   // what is wrong
  std::vector<base::Error> waiting;  // what is missing; waited for
  std::vector<std::string> warnings;
  bool changes() const { return plan.string_or("action", "None") != "None"; }
};

// Of a document, with all of `documents` counting as present. An Error: the server did not answer.
base::Result<PlanAnswer> plan_document(ApiClient& client, const resources::Document& document,
                                       const std::vector<resources::Document>& documents);
// Of a product as it is stored.
base::Result<PlanAnswer> plan_stored(ApiClient& client, std::string_view namespace_name,
                                     std::string_view name);

// A warning of something that is missing, which says that it is waited for.
std::string waiting_text(const base::Error& waiting);

// For people: sources, target, columns, action and reasons.
std::string plan_text(const std::string& title, const json::Value& plan, const Console& console);

}  // namespace offtake::cli
