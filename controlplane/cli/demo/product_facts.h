// What the server and the target say of a product, as far as the demo's check needs it.
#pragma once
#include "controlplane/cli/api_client.h"
#include "controlplane/cli/demo/check.h"

namespace offtake::cli::demo {

base::Result<ProductFacts> product_facts(ApiClient& client, const std::string& space,
                                         const std::string& name);

// From the current revision's control row in the target.
base::Result<std::int64_t> committed_epochs(const ProductFacts& product);
// Whether its offsets are at or past `ends` ("retail/orders" -> partition -> offset) of each dataset it
// reads.
base::Result<bool> has_reached(const ProductFacts& product,
                               const std::map<std::string, std::map<int, std::int64_t>>& ends);

}  // namespace offtake::cli::demo
