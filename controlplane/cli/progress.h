// How long work is shown: a bar with rate and time left on a terminal, plain lines otherwise. One thread.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/json/value.h"
#include "controlplane/cli/api_client.h"
#include "controlplane/cli/console.h"

namespace offtake::cli {

class ProgressBar {
 public:
  // `unit`: "records". Without a terminal a line is printed at most every `interval`.
  ProgressBar(Console& console, std::string what, std::string unit,
              std::chrono::milliseconds interval = std::chrono::seconds(2));
  void update(std::int64_t done, std::int64_t total);
  // "what: 440,000 records in 6.2 s, 71,000/s"; nothing if there was no update. `seconds`: how long it took,
  // where that is known better than from the updates.
  void finish(std::optional<double> seconds = std::nullopt);

 private:
  double seconds() const;  // from the first update until all was done
  std::string rate_text() const;
  std::string left_text() const;
  Console& console_;
  std::string what_, unit_;
  std::chrono::milliseconds interval_;
  std::chrono::steady_clock::time_point started_, printed_;
  std::optional<std::chrono::steady_clock::time_point> full_;
  std::int64_t first_ = -1, done_ = 0, total_ = 0, printed_done_ = -1;
};

// What the workers of a product say of the revision being filled, or of the newest one; null when there is
// none.
json::Value newest_progress(const json::Value& progress);
std::string seconds_text(double seconds);  // "0.4 s", "12 s", "3 min 20 s"
std::string lag_text(std::int64_t milliseconds);

}  // namespace offtake::cli
