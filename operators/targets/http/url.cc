#include "operators/targets/http/url.h"

#include <algorithm>

namespace offtake::targets::http {
namespace {

base::Error bad_url(std::string_view why) {
  return base::terminal("BadUrl", fmt::format("the receiver's url {}", why))
      .with_hint("write it as https://host/path");
}

}  // namespace

base::Result<Url> parse_url(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == 0x7f || c == '"'; })) {
    return bad_url("has a space or another character that must be escaped");
  }
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad_url("has no scheme");
  text = text.substr(0, text.find('#'));
  const auto authority_begin = scheme_end + 3;
  const auto authority_end = std::min(text.find_first_of("/?", authority_begin), text.size());
  const auto authority = text.substr(authority_begin, authority_end - authority_begin);
  if (authority.find('@') != std::string_view::npos) {
    return base::terminal("BadUrl", "the receiver's url has credentials in it")
        .with_hint("name a Secret with username and password in authSecretRef");
  }
  Url out;
  out.origin = std::string(text.substr(0, authority_end));
  std::transform(out.origin.begin(), out.origin.end(), out.origin.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  const bool secure = out.origin.starts_with("https://");
  if (!secure && !out.origin.starts_with("http://")) return bad_url("is neither http nor https");
  const std::string_view usual = secure ? ":443" : ":80";
  if (authority.ends_with(usual)) out.origin = out.origin.substr(0, out.origin.rfind(':'));
  if (authority.empty() || authority.starts_with(':')) return bad_url("names no host");
  out.target = std::string(text.substr(authority_end));
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  return out;
}

std::optional<Url> resolve(const Url& from, std::string_view location) {
  if (location.empty()) return std::nullopt;
  std::string absolute;
  // No first part of a relative one has a colon.
  const auto colon = location.find(':');
  if (colon != std::string_view::npos && colon < location.find_first_of("/?#")) {
    absolute = location;
  } else if (location.starts_with("//")) {
    absolute = from.origin.substr(0, from.origin.find("//")) + std::string(location);
  } else {
    const std::string path = from.target.substr(0, from.target.find('?'));
    if (location.starts_with('/'))
      absolute = from.origin + std::string(location);
    else if (location.starts_with('?'))
      absolute = from.origin + path + std::string(location);
    else
      absolute = from.origin + path.substr(0, path.rfind('/') + 1) + std::string(location);
  }
  auto url = parse_url(absolute);
  if (!url) return std::nullopt;
  return *std::move(url);
}

}  // namespace offtake::targets::http
