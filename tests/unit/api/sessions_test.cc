// Browsers: who is let in, by which name of the server, and from which pages.
#include "controlplane/auth/sessions.h"

#include <doctest/doctest.h>

#include "base/files/files.h"
#include "controlplane/auth/auth.h"
#include "controlplane/auth/session_file.h"
#include "controlplane/auth/sign_in.h"

using namespace offtake;

namespace {

constexpr base::Micros kSecond = 1'000'000, kHour = 3600 * kSecond;
const std::string kToken = "secret-token-of-the-test";

auth::Sessions::Settings settings(const base::Clock& clock, files::Path file = {}) {
  auth::Sessions::Settings out;
  out.file = std::move(file);
  out.token = kToken;
  out.installation = "an installation";
  out.clock = &clock;
  return out;
}

http::Request request(std::string method, std::string path, http::Headers headers = {}) {
  http::Request out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.remote_address = "127.0.0.1";
  out.headers = std::move(headers);
  if (!out.headers.has("Host")) out.headers.set("Host", "127.0.0.1:7070");
  return out;
}

// As a browser sends back what it was given.
std::string sent_back(const auth::Sessions& sessions, const auth::Session& session) {
  const std::string cookie = sessions.cookie(session, request("POST", "/"));
  return "theme=dark; " + cookie.substr(0, cookie.find(';')) + "; other=1";
}

}  // namespace

TEST_CASE("a session lasts while it is used, and not for ever") {
  base::ManualClock clock(1'000'000 * kSecond);
  auth::Sessions sessions(settings(clock));
  const auth::Session session = sessions.begin();
  CHECK(session.id.size() == 43);
  CHECK(session.csrf.size() == 64);
  const http::Request use = request("GET", "/apis", {{"Cookie", sent_back(sessions, session)}});
  for (int i = 0; i < 7; ++i) {
    clock.advance(23 * kHour);
    const auto found = sessions.find(use);
    REQUIRE(found.has_value());
    CHECK(found->csrf == session.csrf);
  }
  clock.advance(7 * kHour);  // 168 hours since it began
  CHECK_FALSE(sessions.find(use).has_value());

  const auth::Session idle = sessions.begin();
  clock.advance(24 * kHour - 1);
  CHECK(sessions.lasts(idle));
  clock.advance(1);
  CHECK_FALSE(sessions.lasts(idle));
  CHECK_FALSE(sessions.find(request("GET", "/", {{"Cookie", sent_back(sessions, idle)}})).has_value());
}

TEST_CASE("cookies: what is in them, and which are not ours") {
  base::ManualClock clock(kHour);
  auth::Sessions sessions(settings(clock));
  const auth::Session session = sessions.begin();
  const std::string plain = sessions.cookie(session, request("POST", "/"));
  CHECK(plain.find("; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800") != std::string::npos);
  CHECK(plain.find("Secure") == std::string::npos);
  CHECK(sessions.cookie(session, request("POST", "/", {{"Origin", "https://offtake.example"}}))
            .ends_with("; Secure"));
  CHECK(
      sessions.cookie(session, request("POST", "/", {{"X-Forwarded-Proto", "https"}})).ends_with("; Secure"));
  CHECK(sessions.no_cookie(request("POST", "/")).find("=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0") !=
        std::string::npos);
  const std::string name = plain.substr(0, plain.find('='));
  for (const std::string& wrong :
       {std::string(), name + "=", name + "=" + session.id + "x", name + "=" + session.id.substr(1),
        "x" + name + "=" + session.id, session.id, name, "=" + session.id}) {
    CAPTURE(wrong);
    CHECK_FALSE(sessions.find(request("GET", "/", {{"Cookie", wrong}})).has_value());
  }
  // Another server on another port of the same host has sent one too.
  CHECK(sessions.find(request("GET", "/", {{"Cookie", name + "=other; " + name + "=" + session.id}}))
            .has_value());
  auto elsewhere = settings(clock);
  elsewhere.installation = "another installation";
  auth::Sessions other(elsewhere);
  CHECK(other.cookie(other.begin(), request("POST", "/")).substr(0, name.size()) != name);
}

TEST_CASE("sessions outlive a restart; the file has no id, and another token ends them") {
  base::ManualClock clock(kHour);
  auto folder = files::TempDir::make();
  REQUIRE(folder.ok());
  const files::Path file = folder->path() / "sessions.json";
  std::string kept, ended;
  auth::Session first;
  {
    auth::Sessions sessions(settings(clock, file));
    first = sessions.begin();
    kept = sent_back(sessions, first);
    const auth::Session second = sessions.begin();
    ended = sent_back(sessions, second);
    sessions.end(second);
  }
  const std::string text = files::read_file(file).value();
  CHECK(text.find(first.id) == std::string::npos);
  CHECK(text.find(first.csrf) == std::string::npos);
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  {
    auth::Sessions sessions(settings(clock, file));
    REQUIRE(sessions.find(request("GET", "/", {{"Cookie", kept}})).has_value());
    CHECK(sessions.find(request("GET", "/", {{"Cookie", kept}}))->csrf == first.csrf);
    CHECK_FALSE(sessions.find(request("GET", "/", {{"Cookie", ended}})).has_value());
    // A use is on disk ten minutes later at the latest.
    clock.advance(20 * kHour);
    CHECK(sessions.find(request("GET", "/", {{"Cookie", kept}})).has_value());
  }
  clock.advance(20 * kHour);
  CHECK(auth::Sessions(settings(clock, file)).find(request("GET", "/", {{"Cookie", kept}})).has_value());
  auto changed = settings(clock, file);
  changed.token = "another-token-of-the-test";
  CHECK_FALSE(auth::Sessions(changed).find(request("GET", "/", {{"Cookie", kept}})).has_value());
  REQUIRE(files::write_file_atomic(file, "{").ok());
  CHECK_FALSE(
      auth::Sessions(settings(clock, file)).find(request("GET", "/", {{"Cookie", kept}})).has_value());
}

TEST_CASE("sessions are bounded: the one longest unused goes, and who follows is told") {
  base::ManualClock clock(kHour);
  auto bounded = settings(clock);
  bounded.rules.most = 3;
  auth::Sessions sessions(bounded);
  int told = 0;
  sessions.set_on_end([&] { ++told; });
  std::vector<auth::Session> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(sessions.begin());
    clock.advance(kSecond);
  }
  CHECK(sessions.find(request("GET", "/", {{"Cookie", sent_back(sessions, all[0])}})).has_value());
  clock.advance(kSecond);
  CHECK(told == 0);
  all.push_back(sessions.begin());
  CHECK(told == 1);
  CHECK(sessions.lasts(all[0]));
  CHECK_FALSE(sessions.lasts(all[1]));
  CHECK(sessions.lasts(all[2]));
  sessions.end(all[3]);
  sessions.end(all[3]);
  CHECK(told == 2);
}

TEST_CASE("a code is good once and for an hour") {
  base::ManualClock clock(kHour);
  auth::SignIn sign_in(kToken, clock);
  using Outcome = auth::SignIn::Outcome;
  const std::string code = sign_in.new_code(), other = sign_in.new_code();
  CHECK(code.size() == 43);
  CHECK(sign_in.with_code(code, "a").outcome == Outcome::kSignedIn);
  CHECK(sign_in.with_code(code, "a").outcome == Outcome::kRefused);
  CHECK(sign_in.with_code("", "a").outcome == Outcome::kRefused);
  CHECK(sign_in.with_code(kToken, "a").outcome == Outcome::kRefused);
  CHECK(sign_in.with_token(code, "a").outcome == Outcome::kRefused);
  clock.advance(kHour);
  CHECK(sign_in.with_code(other, "a").outcome == Outcome::kRefused);
  const std::string first = sign_in.new_code();
  for (int i = 0; i < 100; ++i) (void)sign_in.new_code();
  CHECK(sign_in.with_code(first, "b").outcome == Outcome::kRefused);
}

TEST_CASE("who guesses waits, and nobody else") {
  base::ManualClock clock(kHour);
  auth::SignIn sign_in(kToken, clock);
  using Outcome = auth::SignIn::Outcome;
  for (int i = 0; i < 10; ++i) {
    CHECK(sign_in.with_token("wrong", "a").outcome == Outcome::kRefused);
    clock.advance(kSecond);
  }
  const auto waits = sign_in.with_token(kToken, "a");
  CHECK(waits.outcome == Outcome::kWait);
  CHECK(waits.wait == 50 * kSecond);
  CHECK(sign_in.with_code(sign_in.new_code(), "a").outcome == Outcome::kWait);
  CHECK(sign_in.with_token(kToken, "b").outcome == Outcome::kSignedIn);
  clock.advance(50 * kSecond);
  CHECK(sign_in.with_token(kToken, "a").outcome == Outcome::kSignedIn);
  // However many addresses: a bounded number is remembered, the latest of them.
  for (int i = 0; i < 5000; ++i)
    CHECK(sign_in.with_token("wrong", std::to_string(i)).outcome == Outcome::kRefused);
}

TEST_CASE("by cookie: what is safe, and what needs the page's own word") {
  base::ManualClock clock(kHour);
  auth::Sessions sessions(settings(clock));
  const auto guard = auth::make_guard({kToken, auth::Hosts("127.0.0.1"), &sessions});
  const auth::Session session = sessions.begin(), another = sessions.begin();
  const std::string cookie = sent_back(sessions, session);
  const std::string path = "/apis/offtake.dev/v1alpha1/datasets", origin = "http://127.0.0.1:7070";
  const auto status = [&](const std::string& method, http::Headers headers) {
    headers.set("Cookie", cookie);
    const auto refused = guard(request(method, path, headers));
    return refused ? refused->status : 0;
  };
  CHECK(status("GET", {}) == 0);
  CHECK(status("HEAD", {}) == 0);
  CHECK(status("GET", {{"Sec-Fetch-Site", "same-origin"}}) == 0);
  CHECK(status("GET", {{"Sec-Fetch-Site", "none"}}) == 0);
  CHECK(status("GET", {{"Sec-Fetch-Site", "same-site"}}) == 403);
  CHECK(status("GET", {{"Sec-Fetch-Site", "cross-site"}}) == 403);
  CHECK(status("GET", {{"Origin", "http://evil.example"}}) == 403);
  CHECK(status("GET", {{"Origin", "null"}}) == 403);
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"}) {
    CAPTURE(method);
    CHECK(status(method, {}) == 403);
    CHECK(status(method, {{"X-Offtake-CSRF", session.csrf}}) == 403);
    CHECK(status(method, {{"Origin", origin}}) == 403);
    CHECK(status(method, {{"Origin", origin}, {"X-Offtake-CSRF", session.csrf}}) == 0);
    CHECK(status(method, {{"Sec-Fetch-Site", "same-origin"}, {"X-Offtake-CSRF", session.csrf}}) == 0);
    CHECK(status(method, {{"Origin", origin}, {"X-Offtake-CSRF", ""}}) == 403);
    CHECK(status(method, {{"Origin", origin}, {"X-Offtake-CSRF", session.csrf + "0"}}) == 403);
    CHECK(status(method, {{"Origin", origin}, {"X-Offtake-CSRF", another.csrf}}) == 403);
    CHECK(status(method, {{"Origin", "http://127.0.0.1:7071"}, {"X-Offtake-CSRF", session.csrf}}) == 403);
    CHECK(status(method, {{"Origin", "null"}, {"X-Offtake-CSRF", session.csrf}}) == 403);
    CHECK(status(method,
                 {{"Sec-Fetch-Site", "same-site"}, {"Origin", origin}, {"X-Offtake-CSRF", session.csrf}}) ==
          403);
  }
  // The page's word is all that is missing: it is told so, and nobody else is.
  const auto says_stale = [&](http::Headers headers) {
    headers.set("Cookie", cookie);
    const auto refused = guard(request("POST", path, headers));
    return refused && refused->body.find("CsrfStale") != std::string::npos;
  };
  CHECK(says_stale({{"Origin", origin}, {"X-Offtake-CSRF", another.csrf}}));
  CHECK(says_stale({{"Origin", origin}}));
  CHECK_FALSE(says_stale({{"X-Offtake-CSRF", another.csrf}}));
  CHECK_FALSE(says_stale({{"Origin", "http://evil.example"}, {"X-Offtake-CSRF", another.csrf}}));
  // A bearer's token stays what it is; a wrong one is not made good by a cookie.
  const auto by_token = [&](const std::string& token) {
    const auto refused =
        guard(request("POST", path, {{"Cookie", cookie}, {"Authorization", "Bearer " + token}}));
    return refused ? refused->status : 0;
  };
  CHECK(by_token(kToken) == 0);
  CHECK(by_token("wrong") == 401);
  sessions.end(session);
  CHECK(status("GET", {}) == 401);
}

TEST_CASE("names of the server") {
  const auto knows = [](const auth::Hosts& hosts, std::string_view host) { return hosts.knows(host); };
  const auth::Hosts local("127.0.0.1", {"Data.Example"});
  for (const char* host : {"localhost", "LOCALHOST:7070", "127.0.0.1:1", "127.9.9.9", "[::1]:7070",
                           "data.example", "data.example.:443", "DATA.example"}) {
    CAPTURE(host);
    CHECK(knows(local, host));
  }
  for (const char* host : {"", ":7070", "10.0.0.1", "[::2]", "evil.example", "data.example.evil",
                           "xdata.example", "127.0.0.1.evil.example", "[::1", "2130706433"}) {
    CAPTURE(host);
    CHECK_FALSE(knows(local, host));
  }
  const auth::Hosts wide("0.0.0.0"), named("offtake.internal"), six("::");
  for (const char* host : {"10.0.0.1:7070", "localhost", "[2001:db8::1]:7070", "0.0.0.0"}) {
    CAPTURE(host);
    CHECK(knows(wide, host));
    CHECK(knows(six, host));
  }
  for (const char* host : {"evil.example", "offtake.internal", "10.0.0", "0x7f000001"}) {
    CAPTURE(host);
    CHECK_FALSE(knows(wide, host));
  }
  CHECK(knows(named, "offtake.internal:7070"));
}

TEST_CASE("beyond loopback a page by another name is refused, and no client that shows credentials") {
  base::ManualClock clock(kHour);
  auth::Sessions sessions(settings(clock));
  const auto guard = auth::make_guard({kToken, auth::Hosts("0.0.0.0"), &sessions});
  const auto status = [&](const std::string& method, const std::string& path, http::Headers headers) {
    headers.set("Host", "offtake:7070");
    http::Request sent = request(method, path, headers);
    sent.remote_address = "10.0.0.7";
    const auto refused = guard(sent);
    return refused ? refused->status : 0;
  };
  CHECK(status("GET", "/", {}) == 403);
  CHECK(status("POST", "/offtake/v1/session", {}) == 403);
  CHECK(status("GET", "/apis", {{"Cookie", sent_back(sessions, sessions.begin())}}) == 403);
  CHECK(status("GET", "/readyz", {}) == 0);
  CHECK(status("GET", "/apis", {{"Authorization", "Bearer " + kToken}}) == 0);
  CHECK(status("GET", "/registry/subjects", {}) == 401);
}
