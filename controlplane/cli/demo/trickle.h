// New records of the company, some every second, on a thread of its own.
#pragma once
#include <thread>

#include "controlplane/cli/demo/retail.h"
#include "controlplane/cli/demo/writer.h"

namespace offtake::cli::demo {

class Trickle {
 public:
  Trickle(const ServerAddress& address, std::string company, std::uint64_t seed, RetailSizes sizes);
  ~Trickle();
  base::Status start();
  base::Status stop();  // everything written is acknowledged then
  std::optional<base::Error> error() const;
  // After stop().
  std::map<std::string, std::map<int, std::int64_t>> ends() const { return writer_->ends(); }
  std::int64_t sent() const { return writer_->sent(); }

 private:
  void run(const std::stop_token& stop);
  ApiClient client_;
  std::string company_;
  Retail retail_;
  std::unique_ptr<RecordWriter> writer_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<base::Error> error_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace offtake::cli::demo
