// Keeps products' functions in a cluster as they were asked for. Thread-safe.
#pragma once
#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "operators/kubernetes/client.h"
#include "operators/runners/runner.h"

namespace offtake::runners {

class Functions {
 public:
  explicit Functions(kubernetes::Client& api) : api_(api) {}

  // Applies what is not there as it is to be; gives the digest of all of it. What its owner deleted is put
  // back after some minutes; what was changed by hand stays until the function is edited. Codes
  // FunctionNameTaken; Forbidden, with what allows it.
  base::Result<std::string> ensure(const worker::Job& job, const Function& function);
  void forget(const std::string& product_uid);

 private:
  struct Looked {
    std::string digest;  // of what was applied
    std::chrono::steady_clock::time_point at;
  };
  kubernetes::Client& api_;
  std::mutex mutex_;
  std::map<std::string, Looked> looked_;  // by product
};

}  // namespace offtake::runners
