// The part of the demo in which a function is told of new payments: a mailbox, and a product whose target is
// the function that sends to it. One thread.
#pragma once
#include <stop_token>

#include "controlplane/cli/api_client.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/demo/check.h"
#include "controlplane/cli/demo/mail.h"

namespace offtake::cli::demo {

inline constexpr const char* kMailProduct = "payment-mails";

class MailStory {
 public:
  MailStory(ApiClient& client, std::string namespace_name, Console& console, std::stop_token stop)
      : client_(client), space_(std::move(namespace_name)), console_(console), stop_(std::move(stop)) {}

  // Applies the example, waits until the product is live and shows the first mail.
  base::Status start();
  // Whether everything that was written before `time` has been told of.
  base::Result<bool> is_through(base::Micros time);
  std::int64_t mails() const { return box_ ? static_cast<std::int64_t>(box_->ids().size()) : 0; }
  std::map<std::string, int> ids() const { return box_->ids(); }

 private:
  bool apply();
  base::Status wait_for_first();
  ApiClient& client_;
  const std::string space_;
  Console& console_;
  const std::stop_token stop_;
  std::unique_ptr<Mailbox> box_;
};

}  // namespace offtake::cli::demo
