#include "controlplane/console/site.h"

#include <charconv>

#include "base/crypto/crypto.h"
#include "controlplane/auth/auth.h"

namespace offtake::console {
namespace {

constexpr std::string_view kAssets = "assets/";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// The elements of a list header, without the spaces around them.
template <class Visit>
void each_element(std::string_view list, const Visit& visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const auto element = trimmed(list.substr(0, comma)); !element.empty()) visit(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

// The weight of ";q=0.5" among the parameters; 1 without one, 0 for one that is no number.
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t semicolon = parameters.find(';');
    const std::string_view one = trimmed(parameters.substr(0, semicolon));
    if (one.starts_with("q=") || one.starts_with("Q=")) {
      double weight = 0;
      std::from_chars(one.data() + 2, one.data() + one.size(), weight);
      return weight;
    }
    if (semicolon == std::string_view::npos) break;
    parameters.remove_prefix(semicolon + 1);
  }
  return 1;
}

bool names_html(std::string_view accept) {
  bool found = false;
  each_element(accept, [&](std::string_view element) {
    const std::size_t semicolon = element.find(';');
    const std::string type = lower(trimmed(element.substr(0, semicolon)));
    const double weight = semicolon == std::string_view::npos ? 1 : weight_of(element.substr(semicolon + 1));
    if ((type == "text/html" || type == "application/xhtml+xml") && weight > 0) found = true;
  });
  return found;
}

// Weakly, as RFC 9110 compares for If-None-Match.
bool has_tag(std::string_view if_none_match, std::string_view tag) {
  bool found = false;
  each_element(if_none_match, [&](std::string_view element) {
    if (element.starts_with("W/")) element.remove_prefix(2);
    if (element == "*" || element == tag) found = true;
  });
  return found;
}

bool reads(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

bool wants_page(const http::Request& request) {
  return request.path == "/" || names_html(request.headers.get("Accept"));
}

std::vector<std::string_view> split_at_placeholders(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t at = text.find(kNoncePlaceholder);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + kNoncePlaceholder.size());
  }
}

}  // namespace

std::string_view choose_encoding(std::string_view accept_encoding,
                                 const std::vector<std::string_view>& offered) {
  std::map<std::string, double, std::less<>> weights;
  each_element(accept_encoding, [&](std::string_view element) {
    const std::size_t semicolon = element.find(';');
    weights.emplace(lower(trimmed(element.substr(0, semicolon))),
                    semicolon == std::string_view::npos ? 1 : weight_of(element.substr(semicolon + 1)));
  });
  const auto any = weights.find("*");
  std::string_view best = "identity";
  double best_weight = 0;
  for (const std::string_view encoding : offered) {
    const auto named = weights.find(encoding);
    double weight = 0;
    if (named != weights.end()) {
      weight = named->second;
    } else if (any != weights.end()) {
      weight = any->second;
    }
    if (weight > best_weight) {
      best = encoding;
      best_weight = weight;
    }
  }
  return best;
}

Site::Site(Archive archive)
    : archive_(std::move(archive)),
      page_(split_at_placeholders(archive_.files.at("index.html").bodies.front().bytes)) {}

std::optional<http::Response> Site::answer(const http::Request& request) const {
  if (!reads(request) || auth::is_reserved(request.path) || !request.path.starts_with('/'))
    return std::nullopt;
  const std::string_view path = std::string_view(request.path).substr(1);
  const auto found = archive_.files.find(path);
  if (found != archive_.files.end() && path != "index.html") return file(found->second, request);
  if (path.starts_with(kAssets) || !wants_page(request)) return std::nullopt;
  return page();
}

http::Response Site::file(const ArchivedFile& file, const http::Request& request) const {
  std::vector<std::string_view> offered;
  // The strongest first.
  for (auto body = file.bodies.rbegin(); body != file.bodies.rend(); ++body)
    offered.push_back(body->encoding);
  const std::string_view encoding = choose_encoding(request.headers.get("Accept-Encoding"), offered);
  const auto body = std::find_if(file.bodies.begin(), file.bodies.end(),
                                 [&](const ArchivedBody& one) { return one.encoding == encoding; });
  const std::string tag = fmt::format("\"{}-{}\"", file.sha256.substr(0, 32), encoding);
  http::Response response;
  response.headers.set("ETag", tag);
  response.headers.set("Vary", "Accept-Encoding");
  // The name of what Vite hashes changes with its content.
  response.headers.set("Cache-Control",
                       file.path.starts_with(kAssets) ? "public, max-age=31536000, immutable" : "no-cache");
  if (has_tag(request.headers.get("If-None-Match"), tag)) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", file.type);
  if (encoding != "identity") response.headers.set("Content-Encoding", encoding);
  response.body = body->bytes;
  return response;
}

http::Response Site::page() const {
  const std::string nonce = crypto::base64(crypto::random_bytes(18));
  std::string body(page_.front());
  for (std::size_t i = 1; i < page_.size(); ++i) {
    body += nonce;
    body += page_[i];
  }
  http::Response response = http::Response::of(200, std::move(body), "text/html; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Vary", "Accept");
  response.headers.set("Content-Security-Policy",
                       fmt::format("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{}'; "
                                   "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
                                   "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
                                   "form-action 'self'",
                                   nonce));
  response.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  return response;
}

std::optional<http::Response> answer_without_site(const http::Request& request) {
  if (!reads(request) || request.path != "/") return std::nullopt;
  return http::Response::of(200,
                            "Offtake is running. This program was built without the console "
                            "(-DOFFTAKE_WEB=OFF); use the command line: offtake --help\n",
                            "text/plain; charset=utf-8");
}

}  // namespace offtake::console
