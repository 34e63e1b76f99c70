// Sessions of browsers: an id that means nothing to anybody else, in a cookie; what it stands for is kept
// here and in a file of the data directory, so that a restart signs nobody out. The file has digests of ids,
// made with the installation's token: another token ends all sessions. Thread-safe.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/files/files.h"
#include "base/http/message.h"

namespace offtake::auth {

struct SessionRules {
  base::Micros idle = 24LL * 3600 * 1'000'000;         // without a request: it is over
  base::Micros longest = 7LL * 24 * 3600 * 1'000'000;  // however much it is used
  std::size_t most = 1000;                             // beyond: the one longest unused ends
};

// What the file holds of one.
struct SessionRecord {
  std::string digest;  // of its id
  base::Micros created = 0;
  base::Micros used = 0;
};

struct Session {
  std::string id;    // the cookie's value
  std::string csrf;  // what its unsafe requests show
  base::Micros expires = 0;
};

class Sessions {
 public:
  struct Settings {
    files::Path file;          // empty: kept in memory alone
    std::string token;         // of the installation
    std::string installation;  // names the cookie: cookies are shared by all ports of a host
    const base::Clock* clock = &base::system_clock();
    SessionRules rules;
  };
  explicit Sessions(Settings settings);

  Session begin();
  // The session of the request's cookie, which this counts as a use of. Absent: none, or it is over.
  std::optional<Session> find(const http::Request& request);
  // Whether it goes on, without using it.
  bool lasts(const Session& session) const;
  void end(const Session& session);

  // For Set-Cookie. Secure where the browser came by https.
  std::string cookie(const Session& session, const http::Request& request) const;
  std::string no_cookie(const http::Request& request) const;  // takes it away
  const SessionRules& rules() const { return settings_.rules; }

  // Called after a session was ended, by the thread that did it. REQUIRES: set before requests come.
  void set_on_end(std::function<void()> on_end) { on_end_ = std::move(on_end); }

 private:
  struct Entry {
    SessionRecord record;
    base::Micros used_on_disk = 0;
  };
  std::string digest(std::string_view id) const;
  Session shown(std::string id, const SessionRecord& record) const;
  base::Micros expires(const SessionRecord& record) const;
  void drop_expired(base::Micros now);
  void save();

  const Settings settings_;
  const std::string cookie_name_;
  std::function<void()> on_end_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;  // by digest
};

}  // namespace offtake::auth
