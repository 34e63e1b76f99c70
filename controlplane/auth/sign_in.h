// How a browser comes to a session: by the token, or by a code that the command line has printed in a link
// and that is good once. Who fails too often waits. Thread-safe.
#pragma once
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace offtake::auth {

class SignIn {
 public:
  struct Rules {
    base::Micros code_lasts = 3600LL * 1'000'000;
    std::size_t most_codes = 100;    // unused; beyond: the oldest is forgotten
    std::size_t most_failures = 10;  // of one address within `window`
    base::Micros window = 60LL * 1'000'000;
    std::size_t most_addresses =
        1000;  // that are remembered; beyond: the one that failed longest ago is forgotten
  };
  explicit SignIn(std::string token, const base::Clock& clock = base::system_clock());
  SignIn(std::string token, const base::Clock& clock, Rules rules);

  std::string new_code();  // 43 characters
  base::Micros code_lasts() const { return rules_.code_lasts; }

  enum class Outcome { kSignedIn, kRefused, kWait };
  struct Answer {
    Outcome outcome = Outcome::kRefused;
    base::Micros wait = 0;  // until this address may try again
  };
  // A code is used up by this.
  Answer with_code(std::string_view code, const std::string& address);
  Answer with_token(std::string_view token, const std::string& address);

 private:
  Answer judge(bool good, const std::string& address, base::Micros now);
  std::optional<base::Micros> must_wait(const std::string& address, base::Micros now);

  const std::string token_;
  const base::Clock& clock_;
  const Rules rules_;
  std::mutex mutex_;
  std::deque<std::pair<std::string, base::Micros>> codes_;    // digest, when it was made
  std::map<std::string, std::deque<base::Micros>> failures_;  // by address, within the window
};

}  // namespace offtake::auth
