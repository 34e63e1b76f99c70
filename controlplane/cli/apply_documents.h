// Sends documents by server-side apply: planned first, so that nothing is sent when something is wrong.
#pragma once
#include <vector>

#include "controlplane/cli/api_client.h"
#include "controlplane/cli/console.h"
#include "controlplane/resources/document.h"

namespace offtake::cli {

struct ApplyChoices {
  bool plan = true;
  bool dry_run = false;
};

// Says created, configured or unchanged for each; warnings and errors, located, go to standard error. False
// when anything failed.
bool apply_documents(ApiClient& client, const std::vector<resources::Document>& documents,
                     const ApplyChoices& choices, Console& console);

}  // namespace offtake::cli
