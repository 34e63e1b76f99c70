#include "operators/provision/opensearch/cluster_url.h"

namespace offtake::provision::opensearch {

base::Result<ClusterUrl> parse_cluster_url(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return base::terminal("BadUrl", fmt::format("the url {}", why)).with_hint("write https://host:9200");
  };
  const bool secure = text.starts_with("https://");
  if (!secure && !text.starts_with("http://")) return bad("is neither http:// nor https://");
  std::string_view rest = text.substr(secure ? 8 : 7);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos)
    return bad("holds credentials").with_hint("put username and password into adminSecretRef");
  if (rest.find_first_of("?#") != std::string_view::npos) return bad("has a query");
  ClusterUrl out;
  out.url = std::string(text);
  while (out.url.ends_with('/')) out.url.pop_back();
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  out.host = std::string(authority.substr(0, colon));
  out.port =
      colon == std::string_view::npos ? (secure ? "443" : "80") : std::string(authority.substr(colon + 1));
  if (out.host.empty()) return bad("names no host");
  const bool number = !out.port.empty() && out.port.size() <= 5 &&
                      out.port.find_first_not_of("0123456789") == std::string::npos;
  if (!number) return bad(fmt::format("has {} where a port is expected", out.port));
  return out;
}

}  // namespace offtake::provision::opensearch
