#include "operators/kubernetes/credentials.h"

#include "base/log.h"
#include "operators/kubernetes/credential_plugin.h"

namespace offtake::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr auto kTokenAge = 60s;                     // kubelets replace a token long before it ends
constexpr base::Micros kBeforeItEnds = 10'000'000;  // a plugin is asked again so long before
constexpr auto kRest = 5s;                          // and not more often, unless what it gave is of no use

}  // namespace

Credentials::Credentials(Cluster cluster)
    : cluster_(std::move(cluster)),
      shown_{cluster_.token, cluster_.certificate_pem, cluster_.key_pem},
      read_(std::chrono::steady_clock::now()) {}

base::Result<Credentials::Shown> Credentials::present() {
  std::lock_guard lock(mutex_);
  if (cluster_.plugin) {
    if (is_to_be_asked()) ask();
    if (trouble_ && shown_ == Shown()) return *trouble_;
  } else if (!cluster_.token_file.empty() && std::chrono::steady_clock::now() - read_ >= kTokenAge) {
    read_token_file();
  }
  return shown_;
}

bool Credentials::is_to_be_asked() const {
  const bool rested = std::chrono::steady_clock::now() >= rests_;
  if (!asked_) return rested;
  if (!expires_) return false;
  const base::Micros now = base::system_clock().now();
  if (*expires_ <= now) return rested || !trouble_;
  return *expires_ - kBeforeItEnds <= now && rested;
}

bool Credentials::replaces(const Shown& refused) {
  std::lock_guard lock(mutex_);
  // Of several that were refused together the first one brought others already.
  if (shown_ != refused) return true;
  if (cluster_.plugin) {
    if (!trouble_ || std::chrono::steady_clock::now() >= rests_) ask();
  } else if (!cluster_.token_file.empty()) {
    read_token_file();
  }
  return shown_ != refused;
}

std::string Credentials::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_ ? trouble_->text() : "";
}

void Credentials::read_token_file() {
  auto text = files::read_file(cluster_.token_file, 1 << 20);
  if (!text) return;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  read_ = std::chrono::steady_clock::now();
  shown_.token = *std::move(text);
}

void Credentials::ask() {
  auto credential = ask_plugin(cluster_);
  rests_ = std::chrono::steady_clock::now() + kRest;
  if (!credential) {
    base::log_warn("no credentials from the kubeconfig's plugin", {{"error", credential.error().text()}});
    trouble_ = std::move(credential).error();
    return;
  }
  trouble_.reset();
  asked_ = true;
  expires_ = credential->expires;
  shown_ = {std::move(credential->token), std::move(credential->certificate_pem),
            std::move(credential->key_pem)};
}

}  // namespace offtake::kubernetes
