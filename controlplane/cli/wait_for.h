// Waiting for an object to become something, with progress shown for products.
#pragma once
#include <chrono>
#include <functional>
#include <stop_token>

#include "controlplane/cli/api_client.h"
#include "controlplane/cli/connection.h"
#include "controlplane/cli/console.h"

namespace offtake::cli {

struct WaitChoices {
  std::chrono::milliseconds timeout{60'000};
  bool show_progress = false;  // of a product's fill
  std::stop_token stop;
};

// Until the condition has the status for the present generation. Code TimedOut says what it is instead;
// Cancelled when stopped.
base::Status wait_for_condition(ApiClient& client, const ObjectName& object, const std::string& type,
                                const std::string& status, const WaitChoices& choices, Console& console);
// Until the object with that uid (empty: any) is gone. Code TimedOut says what holds it.
base::Status wait_for_deletion(ApiClient& client, const ObjectName& object, const std::string& uid,
                               const WaitChoices& choices);

}  // namespace offtake::cli
