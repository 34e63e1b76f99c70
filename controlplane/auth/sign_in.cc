#include "controlplane/auth/sign_in.h"

#include "base/crypto/crypto.h"

namespace offtake::auth {

SignIn::SignIn(std::string token, const base::Clock& clock) : SignIn(std::move(token), clock, Rules()) {}

SignIn::SignIn(std::string token, const base::Clock& clock, Rules rules)
    : token_(std::move(token)), clock_(clock), rules_(rules) {}

std::string SignIn::new_code() {
  std::string code = crypto::base64_url(crypto::random_bytes(32));
  const std::lock_guard lock(mutex_);
  if (codes_.size() >= rules_.most_codes) codes_.pop_front();
  codes_.emplace_back(crypto::sha256(code), clock_.now());
  return code;
}

SignIn::Answer SignIn::with_code(std::string_view code, const std::string& address) {
  const base::Micros now = clock_.now();
  const std::string digest = crypto::sha256(code);
  const std::lock_guard lock(mutex_);
  if (const auto wait = must_wait(address, now)) return {Outcome::kWait, *wait};
  while (!codes_.empty() && codes_.front().second + rules_.code_lasts <= now) codes_.pop_front();
  const auto found =
      std::find_if(codes_.begin(), codes_.end(), [&](const auto& one) { return one.first == digest; });
  const bool good = found != codes_.end();
  if (good) codes_.erase(found);
  return judge(good, address, now);
}

SignIn::Answer SignIn::with_token(std::string_view token, const std::string& address) {
  const base::Micros now = clock_.now();
  const bool good = crypto::equal_constant_time(token, token_);
  const std::lock_guard lock(mutex_);
  if (const auto wait = must_wait(address, now)) return {Outcome::kWait, *wait};
  return judge(good, address, now);
}

SignIn::Answer SignIn::judge(bool good, const std::string& address, base::Micros now) {
  if (good) {
    failures_.erase(address);
    return {Outcome::kSignedIn};
  }
  if (failures_.size() >= rules_.most_addresses && failures_.find(address) == failures_.end()) {
    failures_.erase(std::min_element(failures_.begin(), failures_.end(), [](const auto& a, const auto& b) {
      return a.second.back() < b.second.back();
    }));
  }
  failures_[address].push_back(now);
  return {Outcome::kRefused};
}

std::optional<base::Micros> SignIn::must_wait(const std::string& address, base::Micros now) {
  const auto found = failures_.find(address);
  if (found == failures_.end()) return std::nullopt;
  auto& times = found->second;
  while (!times.empty() && times.front() + rules_.window <= now) times.pop_front();
  if (times.empty()) {
    failures_.erase(found);
    return std::nullopt;
  }
  if (times.size() < rules_.most_failures) return std::nullopt;
  return times.front() + rules_.window - now;
}

}  // namespace offtake::auth
