#include "operators/provision/external/server_url.h"

#include <charconv>

namespace offtake::provision::external {
namespace {

base::Error bad(std::string_view url, std::string_view why) {
  return base::terminal("BadUrl", fmt::format("url \"{}\": {}", url, why))
      .with_hint("write postgresql://host:5432/database");
}

}  // namespace

base::Result<ServerUrl> parse_server_url(std::string_view url) {
  std::string_view rest = url;
  bool known = false;
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (!known && rest.starts_with(scheme)) {
      rest.remove_prefix(scheme.size());
      known = true;
    }
  }
  if (!known) return bad(url, "it does not begin with postgresql://");
  ServerUrl out;
  if (const auto question = rest.find('?'); question != std::string_view::npos) {
    const auto option = rest.substr(question + 1);
    constexpr std::string_view kSslMode = "sslmode=";
    if (!option.starts_with(kSslMode) || option.find('&') != std::string_view::npos) {
      return bad(url, "sslmode is the only option it takes");
    }
    out.ssl_mode = option.substr(kSslMode.size());
    rest = rest.substr(0, question);
  }
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size()) return bad(url, "it names no database");
  out.database = rest.substr(slash + 1);
  std::string_view host = rest.substr(0, slash);
  if (host.find('@') != std::string_view::npos) return bad(url, "user and password belong in adminSecretRef");
  const auto bracket = host.find(']');
  const auto colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const auto port = host.substr(colon + 1);
    const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (code != std::errc{} || end != port.data() + port.size() || out.port < 1 || out.port > 65'535) {
      return bad(url, "the port is no number from 1 to 65535");
    }
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return bad(url, "it names no host");
  out.host = host;
  return out;
}

}  // namespace offtake::provision::external
