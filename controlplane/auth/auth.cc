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

// In the words of registry clients, which ask again with credentials when they are told the scheme.
http::Response refuse_registry() {
  http::Response response = http::Response::of(401, R"({"error_code":401,"message":"Unauthorized"})",
                                               "application/vnd.schemaregistry.v1+json");
  response.headers.set("WWW-Authenticate", "Basic realm=\"offtake registry\"");
  return response;
}

std::string_view first_segment(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

bool is_open(const http::Request& request, bool loopback) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const std::string& path = request.path;
  if (path == "/healthz" || path == "/readyz" || path == "/livez") return reads;
  if (path == "/offtake/v1/session") return request.method == "POST";
  const std::string_view first = first_segment(path);
  if (first == "registry") return loopback && request.from_loopback();
  static constexpr std::array<std::string_view, 6> kOurs{"api",     "apis",    "openapi",
                                                         "version", "metrics", "offtake"};
  return reads && std::find(kOurs.begin(), kOurs.end(), first) == kOurs.end();
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
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return reads && crypto::equal_constant_time(request.bearer_token(), registry_reader_token(token));
}

// "127.0.0.1:7070" -> "127.0.0.1", "[::1]:7070" -> "[::1]".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_loopback_name(std::string_view host) {
  const std::string_view name = without_port(host);
  return name == "localhost" || http::is_loopback_address(name);
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

http::Router::Guard make_guard(GuardOptions options) {
  return [options = std::move(options)](const http::Request& request) -> std::optional<http::Response> {
    const std::string_view host = request.headers.get("Host");
    if (options.loopback && request.remote_address != "unix" && !is_loopback_name(host)) {
      return refuse(base::terminal("Forbidden", fmt::format("the Host '{}' is not this server", host))
                        .with_hint("use localhost or 127.0.0.1"));
    }
    const std::string_view origin = request.headers.get("Origin");
    if (!origin.empty()) {
      const std::size_t scheme = origin.find("://");
      if (scheme == std::string_view::npos || origin.substr(scheme + 3) != host) {
        return refuse(base::terminal("Forbidden", fmt::format("the Origin '{}' is another site", origin)));
      }
    }
    if (is_open(request, options.loopback)) return std::nullopt;
    if (crypto::equal_constant_time(request.bearer_token(), options.token)) return std::nullopt;
    if (first_segment(request.path) == "registry") {
      if (may_use_registry(request, options.token)) return std::nullopt;
      return refuse_registry();
    }
    return refuse(base::terminal("Unauthorized", "Unauthorized")
                      .with_hint("send `Authorization: Bearer …` with the token of the data directory"));
  };
}

}  // namespace offtake::auth
