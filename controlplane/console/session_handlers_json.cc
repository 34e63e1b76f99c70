#include "base/json/value.h"
#include "controlplane/api/negotiation.h"
#include "controlplane/console/session_handlers.h"

namespace offtake::console {
namespace {

constexpr std::size_t kLargestBody = 16 << 10;
constexpr std::string_view kUser = "admin";  // whoever has the installation's token

http::Response not_kept(http::Response response) {
  response.headers.set("Cache-Control", "no-store");
  return response;
}

http::Response refuse(base::Error error) {
  return not_kept(api::status_response(error));
}

json::Value document(const SessionContext& context, std::string_view method) {
  return json::Object{{"user", json::Object{{"name", kUser}}},
                      {"method", method},
                      {"version", context.version},
                      {"build", context.build}};
}

http::Response answer(const SessionContext& context, const auth::Session& session) {
  json::Value out = document(context, "session");
  out.set("csrf", session.csrf);
  out.set("expiresAt", base::format_instant(session.expires));
  out.set("idleSeconds", context.sessions->rules().idle / 1'000'000);
  return not_kept(api::json_response(200, out));
}

// The body's one member of the two that may be there.
struct Credentials {
  std::string code, token;
};

base::Result<Credentials> read_credentials(const http::Request& request) {
  // A form of another site can send other types, and this one only after asking.
  if (!request.headers.has("Content-Type") || api::content_type(request) != "application/json")
    return base::terminal("UnsupportedMediaType", "the body has to be application/json");
  auto body = json::parse(request.body);
  const auto bad = [] {
    return base::terminal("BadRequest", "the body has to be {\"token\": \"…\"} or {\"code\": \"…\"}");
  };
  if (!body || !body->is_object()) return bad();
  Credentials out{body->string_or("code"), body->string_or("token")};
  if (out.code.empty() == out.token.empty()) return bad();
  return out;
}

http::Response begin(const SessionContext& context, const http::Request& request) {
  const auto credentials = read_credentials(request);
  if (!credentials) return refuse(credentials.error());
  const auto judged = credentials->code.empty()
                          ? context.sign_in->with_token(credentials->token, request.remote_address)
                          : context.sign_in->with_code(credentials->code, request.remote_address);
  switch (judged.outcome) {
    case auth::SignIn::Outcome::kWait: {
      const std::int64_t seconds = judged.wait / 1'000'000 + 1;
      http::Response response =
          refuse(base::terminal("TooManyRequests", "too many failed sign-ins from this address")
                     .with_hint(fmt::format("try again in {} s", seconds)));
      response.headers.set("Retry-After", std::to_string(seconds));
      return response;
    }
    case auth::SignIn::Outcome::kRefused:
      if (credentials->code.empty()) {
        return refuse(base::terminal("Unauthorized", "this is not the token of the installation")
                          .with_hint("it is in the file `token` of the data directory"));
      }
      return refuse(base::terminal("Unauthorized", "this link was used already, or is too old")
                        .with_hint("`offtake console` gives a new one"));
    case auth::SignIn::Outcome::kSignedIn:
      break;
  }
  // Whoever signs in anew leaves no second session behind.
  if (const auto before = context.sessions->find(request)) context.sessions->end(*before);
  const auth::Session session = context.sessions->begin();
  http::Response response = answer(context, session);
  response.headers.set("Set-Cookie", context.sessions->cookie(session, request));
  return response;
}

http::Response who(const SessionContext& context, const http::Request& request) {
  if (!request.headers.has("Authorization")) {
    if (const auto session = context.sessions->find(request)) return answer(context, *session);
  }
  return not_kept(api::json_response(200, document(context, "token")));
}

http::Response end(const SessionContext& context, const http::Request& request) {
  http::Response response;
  response.status = 204;
  if (const auto session = context.sessions->find(request)) context.sessions->end(*session);
  response.headers.set("Set-Cookie", context.sessions->no_cookie(request));
  return not_kept(std::move(response));
}

http::Response new_code(const SessionContext& context) {
  json::Value out = json::Object{{"code", context.sign_in->new_code()},
                                 {"lastsSeconds", context.sign_in->code_lasts() / 1'000'000},
                                 {"console", !context.build.empty()}};
  return not_kept(api::json_response(201, out));
}

}  // namespace

void add_session_routes(http::Router& router, SessionContext context) {
  const auto shared = std::make_shared<const SessionContext>(std::move(context));
  http::RouteOptions options;
  options.max_body_bytes = kLargestBody;
  router.add(
      "POST", "/offtake/v1/session",
      [shared](const http::Request& request) { return begin(*shared, request); }, options);
  router.add("GET", "/offtake/v1/session",
             [shared](const http::Request& request) { return who(*shared, request); });
  router.add("DELETE", "/offtake/v1/session",
             [shared](const http::Request& request) { return end(*shared, request); });
  router.add(
      "POST", "/offtake/v1/session/codes", [shared](const http::Request&) { return new_code(*shared); },
      options);
}

std::string sign_in_link(const std::string& url, const std::string& code) {
  return fmt::format("{}/sign-in#code={}", url, code);
}

}  // namespace offtake::console
