// Requests to one cluster: whatever is no success becomes an error of the right class. Thread-safe.
#pragma once
#include <memory>
#include <string>

#include "base/http/client.h"
#include "base/json/value.h"
#include "operators/targets/target.h"

namespace offtake::targets::opensearch {

// What an error answer, or an item of a bulk, says of itself.
struct Refusal {
  int status = 0;
  std::string type, reason;  // "version_conflict_engine_exception"
  std::string cause_type, cause;
};
// `object`: a response's body, or a bulk's item.
Refusal refusal_of(int status, std::string_view object);
// TargetAccessDenied, TargetMissing, TargetRefused (terminal), TargetReadOnly, TargetBusy (transient),
// RowRefused (row: mapping, parsing, too large).
base::Error error_of(const Refusal& refusal);

class Rest {
 public:
  explicit Rest(const TargetConnection& connection);

  struct Answer {
    int status = 0;
    std::string body;
  };
  // Any status below 300 is an answer, and 404 and 409 are where `expected` is that; others are errors.
  base::Result<Answer> send(std::string_view method, std::string path, std::string body = "",
                            int expected = 200) const;
  // A bulk's body.
  base::Result<Answer> send_lines(std::string path, std::string body) const;

 private:
  http::Client client_;
};

}  // namespace offtake::targets::opensearch
