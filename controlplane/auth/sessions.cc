#include "controlplane/auth/sessions.h"

#include "base/crypto/crypto.h"
#include "base/log.h"
#include "controlplane/auth/session_file.h"

namespace offtake::auth {
namespace {

// A use is written down when the last one on disk is this old: a crash shortens a session by no more.
constexpr base::Micros kNoteUseAfter = 600LL * 1'000'000;
constexpr std::size_t kLargestFile = 4 << 20;

bool came_by_https(const http::Request& request) {
  return request.headers.get("Origin").starts_with("https://") ||
         request.headers.get("X-Forwarded-Proto") == "https";
}

// Calls `visit` with each value of the cookie until it returns true.
template <class Visit>
void each_cookie(const http::Request& request, std::string_view name, const Visit& visit) {
  std::string_view rest = request.headers.get("Cookie");
  while (!rest.empty()) {
    const std::size_t semicolon = rest.find(';');
    std::string_view pair = rest.substr(0, semicolon);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=' &&
        visit(pair.substr(name.size() + 1))) {
      return;
    }
    if (semicolon == std::string_view::npos) return;
    rest.remove_prefix(semicolon + 1);
  }
}

}  // namespace

Sessions::Sessions(Settings settings)
    : settings_(std::move(settings)),
      cookie_name_("offtake_session_" + crypto::sha256_hex(settings_.installation).substr(0, 8)) {
  if (settings_.file.empty() || !files::exists(settings_.file)) return;
  auto text = files::read_file(settings_.file, kLargestFile);
  auto records = text ? read_session_file(*text) : std::move(text).error();
  if (!records) {
    base::log_warn("the sessions of before are lost", {{"error", records.error().text()}});
    return;
  }
  for (SessionRecord& record : *records) {
    const base::Micros used = record.used;
    std::string key = record.digest;
    entries_.emplace(std::move(key), Entry{std::move(record), used});
  }
  drop_expired(settings_.clock->now());
}

Session Sessions::begin() {
  const base::Micros now = settings_.clock->now();
  std::string id = crypto::base64_url(crypto::random_bytes(32));
  const SessionRecord record{digest(id), now, now};
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    drop_expired(now);
    while (entries_.size() >= settings_.rules.most) {
      const auto oldest = std::min_element(
          entries_.begin(), entries_.end(),
          [](const auto& a, const auto& b) { return a.second.record.used < b.second.record.used; });
      entries_.erase(oldest);
      ended = true;
    }
    entries_.emplace(record.digest, Entry{record, now});
    save();
  }
  if (ended && on_end_) on_end_();
  return shown(std::move(id), record);
}

std::optional<Session> Sessions::find(const http::Request& request) {
  const base::Micros now = settings_.clock->now();
  std::optional<Session> out;
  each_cookie(request, cookie_name_, [&](std::string_view id) {
    const std::string key = digest(id);
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end() || expires(found->second.record) <= now) return false;
    Entry& entry = found->second;
    entry.record.used = std::max(entry.record.used, now);
    if (entry.record.used - entry.used_on_disk >= kNoteUseAfter) save();
    out = shown(std::string(id), entry.record);
    return true;
  });
  return out;
}

bool Sessions::lasts(const Session& session) const {
  const std::string key = digest(session.id);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  return found != entries_.end() && expires(found->second.record) > settings_.clock->now();
}

void Sessions::end(const Session& session) {
  const std::string key = digest(session.id);
  {
    const std::lock_guard lock(mutex_);
    if (entries_.erase(key) == 0) return;
    save();
  }
  if (on_end_) on_end_();
}

std::string Sessions::cookie(const Session& session, const http::Request& request) const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", cookie_name_, session.id,
                     settings_.rules.longest / 1'000'000, came_by_https(request) ? "; Secure" : "");
}

std::string Sessions::no_cookie(const http::Request& request) const {
  return fmt::format("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{}", cookie_name_,
                     came_by_https(request) ? "; Secure" : "");
}

std::string Sessions::digest(std::string_view id) const {
  return crypto::hex(crypto::hmac_sha256(settings_.token, fmt::format("session {}", id)));
}

Session Sessions::shown(std::string id, const SessionRecord& record) const {
  Session out;
  out.csrf = crypto::hex(crypto::hmac_sha256(settings_.token, fmt::format("csrf {}", id)));
  out.id = std::move(id);
  out.expires = expires(record);
  return out;
}

base::Micros Sessions::expires(const SessionRecord& record) const {
  return std::min(record.created + settings_.rules.longest, record.used + settings_.rules.idle);
}

void Sessions::drop_expired(base::Micros now) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = expires(entry->second.record) <= now ? entries_.erase(entry) : std::next(entry);
  }
}

void Sessions::save() {
  if (settings_.file.empty()) return;
  std::vector<SessionRecord> records;
  records.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) records.push_back(entry.record);
  const auto written = files::write_file_atomic(settings_.file, session_file_text(records), 0600);
  // They are good until the server ends; the next use tries again.
  if (!written) {
    base::log_warn("sessions are not written down", {{"error", written.error().text()}});
    return;
  }
  for (auto& [key, entry] : entries_) entry.used_on_disk = entry.record.used;
}

}  // namespace offtake::auth
