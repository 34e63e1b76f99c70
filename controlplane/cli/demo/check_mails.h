// The proof of the demo's function: which confirmations came, against what SQLite makes of the raw records as
// they were at the cut and as they are now. Of the payments that are new since the cut each has one; those of
// the history have none.
//
// REQUIRES: as check.h.
#pragma once
#include "controlplane/cli/demo/check.h"

namespace offtake::cli::demo {

struct MailCheck {
  std::int64_t history = 0;   // payments of the result at the cut
  std::int64_t expected = 0;  // that came since
  std::int64_t sent = 0;      // of those; a mail that came twice counts once
  std::int64_t twice = 0;
  std::int64_t missing = 0, surplus = 0;
  std::string example;  // of what is missing, or too much
  bool good() const { return missing == 0 && surplus == 0; }
};

// `ids`: how often each Message-ID came. `product`: of an engine that keeps its control rows in a journal.
base::Result<MailCheck> check_mails(const ProductFacts& product, const std::map<std::string, int>& ids,
                                    const std::shared_ptr<sources::EventStore>& log,
                                    const files::Path& scratch_folder);

}  // namespace offtake::cli::demo
