#include "controlplane/auth/auth.h"

#include "base/crypto/crypto.h"
#include "base/files/files.h"
#include "base/id.h"
#include "controlplane/store/status.h"

namespace offtake::auth {
namespace {

constexpr std::size_t kShortestToken = 16;
constexpr std::string_view kRegistryUser = "offtake";

http::Response refuse(const base::Error& error) {
  http::Response response =
      http::Response::of(store::http_code(error), json::dump(store::to_status(error)), "application/json");
  if (response.status == 401) response.headers.set("WWW-Authenticate", "Bearer realm=\"offtake\"");
  return response;
}

// In the words of registry clients, which ask again with credentials when they are told the scheme. A browser
// would ask the user for them, whom the console asks in its own way.
http::Response refuse_registry(const http::Request& request) {
  http::Response response = http::Response::of(401, R"({"error_code":401,"message":"Unauthorized"})",
                                               "application/vnd.schemaregistry.v1+json");
  if (!request.headers.has("Sec-Fetch-Site"))
    response.headers.set("WWW-Authenticate", "Basic realm=\"offtake registry\"");
  return response;
}

std::string_view first_segment(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

bool reads(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

bool is_health(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/livez";
}

bool is_open(const http::Request& request, bool loopback) {
  if (is_health(request.path)) return reads(request);
  if (request.path == "/offtake/v1/session" && request.method == "POST") return true;
  if (first_segment(request.path) == "registry") return loopback && request.from_loopback();
  return reads(request) && !is_reserved(request.path);
}

// The password of "Authorization: Basic …" of the registry's user; empty when there is none.
std::string registry_password(const http::Request& request) {
  constexpr std::string_view kScheme = "basic ";
  std::string_view value = request.headers.get("Authorization");
  const bool basic = value.size() > kScheme.size() &&
                     std::equal(kScheme.begin(), kScheme.end(), value.begin(), [](char scheme, char given) {
                       return scheme == std::tolower(static_cast<unsigned char>(given));
                     });
  if (!basic) return "";
  auto decoded = crypto::base64_decode(value.substr(kScheme.size()));
  if (!decoded) return "";
  const auto colon = decoded->find(':');
  if (colon == std::string::npos || std::string_view(*decoded).substr(0, colon) != kRegistryUser) return "";
  return decoded->substr(colon + 1);
}

bool may_use_registry(const http::Request& request, const std::string& token) {
  if (crypto::equal_constant_time(registry_password(request), token)) return true;
  return reads(request) && crypto::equal_constant_time(request.bearer_token(), registry_reader_token(token));
}

// A browser says so of every request, and no script can change what it says.
bool is_of_a_page_elsewhere(const http::Request& request) {
  const std::string_view site = request.headers.get("Sec-Fetch-Site");
  return !site.empty() && site != "same-origin" && site != "none";
}

bool says_same_origin(const http::Request& request) {
  return request.headers.has("Origin") || request.headers.get("Sec-Fetch-Site") == "same-origin";
}

// What a cookie alone does not show: that the page which sent it is ours.
std::optional<http::Response> check_page(const http::Request& request, const Session& session) {
  if (is_of_a_page_elsewhere(request))
    return refuse(base::terminal("Forbidden", "the request comes from a page of another site"));
  if (reads(request)) return std::nullopt;
  if (!says_same_origin(request)) {
    return refuse(base::terminal("Forbidden", "the request does not say which page it comes from")
                      .with_hint("send Origin, or use the token as a bearer's"));
  }
  if (crypto::equal_constant_time(request.headers.get("X-Offtake-CSRF"), session.csrf)) return std::nullopt;
  // A page whose browser has signed in anew elsewhere tells this from all other refusals by the cause's
  // reason.
  base::Error refused = base::terminal("Forbidden", "X-Offtake-CSRF is not that of the session");
  refused.causes.push_back(base::terminal("CsrfStale", "it is of another session, or missing")
                               .with_hint("send what `csrf` of GET /offtake/v1/session says"));
  return refuse(refused);
}

std::optional<http::Response> check_host(const http::Request& request, const Hosts& hosts) {
  const std::string_view host = request.headers.get("Host");
  if (request.remote_address == "unix" || hosts.knows(host)) return std::nullopt;
  // What asks for credentials, which a page by another name has not, may be called by any.
  const bool asks = request.headers.has("Authorization") || first_segment(request.path) == "registry";
  if (!hosts.loopback() && (asks || is_health(request.path))) return std::nullopt;
  return refuse(base::terminal("Forbidden", fmt::format("the Host '{}' is not this server", host))
                    .with_hint(hosts.loopback()
                                   ? "use localhost or 127.0.0.1; behind a proxy start the server with "
                                     "--console-host NAME"
                                   : "use its address, or start the server with --console-host NAME"));
}

std::optional<http::Response> check_origin(const http::Request& request) {
  const std::string_view origin = request.headers.get("Origin");
  if (origin.empty()) return std::nullopt;
  const std::size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos && origin.substr(scheme + 3) == request.headers.get("Host"))
    return std::nullopt;
  return refuse(base::terminal("Forbidden", fmt::format("the Origin '{}' is another site", origin)));
}

}  // namespace

base::Result<std::string> load_or_make_token(const std::filesystem::path& file) {
  if (!files::exists(file)) {
    const std::string token = base::random_password(43);
    if (base::Status written = files::write_file_atomic(file, token + "\n", 0600); !written) {
      return written.error();
    }
    return token;
  }
  auto content = files::read_file(file, 4096);
  if (!content) return std::move(content).error();
  while (!content->empty() &&
         (content->back() == '\n' || content->back() == '\r' || content->back() == ' ')) {
    content->pop_back();
  }
  const bool printable =
      std::all_of(content->begin(), content->end(), [](char c) { return c > ' ' && c < 127; });
  if (content->size() >= kShortestToken && printable) return content;
  return base::terminal("BadToken", fmt::format("{} holds no usable token", file.string()))
      .with_hint(fmt::format(
          "write at least {} printable characters into it, or remove it: a new one is made", kShortestToken));
}

std::string registry_reader_token(std::string_view token) {
  return crypto::hex(crypto::hmac_sha256(token, "reads the registry"));
}

bool is_reserved(std::string_view path) {
  static constexpr std::array<std::string_view, 10> kOurs{
      "api", "apis", "openapi", "version", "metrics", "offtake", "registry", "healthz", "readyz", "livez"};
  return std::find(kOurs.begin(), kOurs.end(), first_segment(path)) != kOurs.end();
}

http::Router::Guard make_guard(GuardOptions options) {
  return [options = std::move(options)](const http::Request& request) -> std::optional<http::Response> {
    if (auto refused = check_host(request, options.hosts)) return refused;
    if (auto refused = check_origin(request)) return refused;
    if (is_open(request, options.hosts.loopback())) return std::nullopt;
    if (crypto::equal_constant_time(request.bearer_token(), options.token)) return std::nullopt;
    if (options.sessions != nullptr && !request.headers.has("Authorization")) {
      if (const auto session = options.sessions->find(request)) return check_page(request, *session);
    }
    if (first_segment(request.path) == "registry") {
      if (may_use_registry(request, options.token)) return std::nullopt;
      return refuse_registry(request);
    }
    return refuse(
        base::terminal("Unauthorized", "Unauthorized")
            .with_hint("sign in, or send `Authorization: Bearer …` with the token of the data directory"));
  };
}

}  // namespace offtake::auth
