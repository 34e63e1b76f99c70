// The demo against a server that has just become ready: datasets, a year of records, products, what readers
// see.
#pragma once
#include <stop_token>

#include "controlplane/cli/api_client.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/demo/check.h"
#include "controlplane/cli/demo/retail.h"

namespace offtake::cli::demo {

inline constexpr const char* kCompany = "retail";

struct SessionSettings {
  std::uint64_t seed = 1;
  RetailSizes sizes;
  bool write_history = true;  // false: it is there already
  bool once = false;          // ends when the products are live, with everything written and committed
  files::Path server_data_directory;
};

// What the check needs.
struct SessionEnd {
  std::vector<ProductFacts> products;
  ProductFacts mailed;               // the product whose function sends mails
  std::map<std::string, int> mails;  // how often each id came
};

// Runs until stopped (or, with `once`, until done).
base::Result<SessionEnd> run_session(const ServerAddress& address, const SessionSettings& settings,
                                     const std::function<base::Status()>& history_written, Console& console,
                                     const std::stop_token& stop);

}  // namespace offtake::cli::demo
