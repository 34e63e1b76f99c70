#include "operators/targets/http/credentials.h"

#include <algorithm>

#include "base/crypto/crypto.h"
#include "operators/targets/http/cloud_event.h"

namespace offtake::targets::http {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 << 10;

bool fits_a_header(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

base::Error bad_secret(const files::Path& path, std::string_view why) {
  return base::terminal("BadSecret", fmt::format("the secret in {} {}", path.string(), why));
}

}  // namespace

base::Result<bool> Credentials::read(const files::Path& path, std::string& value, Seen& seen) const {
  if (path.empty()) return false;
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(path, error);
  const auto size = error ? 0 : std::filesystem::file_size(path, error);
  if (!error && seen.read && changed == seen.changed && size == seen.size) return false;
  auto text = files::read_file(path, kMaxSecretBytes);
  if (!text) {
    // Between the old one and the new one of a rotation: what is known still counts.
    if (seen.read && text.error().code == "NotFound") return false;
    return base::waiting("SecretMissing", fmt::format("the secret in {} is not there yet", path.string()))
        .with_detail(text.error().text());
  }
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (text->empty()) return bad_secret(path, "is empty");
  value = *std::move(text);
  seen = {changed, size, true};
  return true;
}

base::Status Credentials::refresh() {
  const std::pair<const files::Path*, std::pair<std::string*, Seen*>> all[] = {
      {&paths_.bearer_token, {&bearer_, &bearer_seen_}},
      {&paths_.user, {&user_, &user_seen_}},
      {&paths_.password, {&password_, &password_seen_}},
      {&paths_.signing_key, {&signing_key_, &signing_seen_}},
  };
  bool changed = false;
  for (const auto& [path, to] : all) {
    auto again = read(*path, *to.first, *to.second);
    if (!again) return std::move(again).error();
    changed = changed || *again;
  }
  if (!changed) return {};
  if (!bearer_.empty()) {
    if (!fits_a_header(bearer_))
      return bad_secret(paths_.bearer_token, "has a line break or control character");
    authorization_ = "Bearer " + bearer_;
  } else if (!user_.empty()) {
    if (user_.find(':') != std::string::npos) return bad_secret(paths_.user, "is a user name with a colon");
    authorization_ = "Basic " + crypto::base64(user_ + ":" + password_);
  }
  constexpr std::string_view kPrefix = "whsec_";
  key_ = signing_key_;
  if (key_.starts_with(kPrefix)) {
    auto bytes = crypto::base64_decode(key_.substr(kPrefix.size()));
    if (!bytes) return bad_secret(paths_.signing_key, "begins with whsec_ and is no base64 after it");
    key_ = *std::move(bytes);
  }
  return {};
}

void Credentials::add_to(offtake::http::Headers& headers, std::string_view id, std::string_view body,
                         base::Micros now) const {
  if (!authorization_.empty()) headers.set("Authorization", authorization_);
  if (key_.empty()) return;
  const std::string shown_id = encode_attribute(id);
  const std::string timestamp = std::to_string(now / 1'000'000);
  std::string content = fmt::format("{}.{}.", shown_id, timestamp);
  content += body;
  headers.set("webhook-id", shown_id);
  headers.set("webhook-timestamp", timestamp);
  headers.set("webhook-signature", "v1," + crypto::base64(crypto::hmac_sha256(key_, content)));
}

}  // namespace offtake::targets::http
