// Objects as the rows of `get`.
#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json/value.h"
#include "controlplane/cli/api_client.h"

namespace offtake::cli {

struct TableChoices {
  bool wide = false;
  bool namespaces = false;  // a column for the namespace
};

std::vector<std::string> table_header(const resources::Kind& kind, const TableChoices& choices);
// The lag of a product is asked from its workers: one request a row.
std::vector<std::string> table_row(const resources::Kind& kind, const json::Value& object,
                                   const TableChoices& choices, ApiClient& client, base::Micros now);

}  // namespace offtake::cli
