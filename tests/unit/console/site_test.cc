#include "controlplane/console/site.h"

#include <doctest/doctest.h>

#include "controlplane/console/response_headers.h"
#include "packed.h"

using namespace offtake;
using namespace offtake::console;

namespace {

const std::string kScript = "console.log('" + std::string(500, 'x') + "');";
const std::string kPage =
    "<!doctype html><meta property=\"csp-nonce\" nonce=\"OFFTAKE_CSP_NONCE\"><style "
    "nonce=\"OFFTAKE_CSP_NONCE\">";

const std::string& archive_bytes() {
  static const std::string kBytes = pack({{"assets/index-Bd2x.js", "text/javascript; charset=utf-8", kScript},
                                          {"assets/small-1a.css", "text/css; charset=utf-8", "a{}"},
                                          {"favicon.svg", "image/svg+xml", "<svg/>"},
                                          {"index.html", "text/html; charset=utf-8", kPage}});
  return kBytes;
}

Site site() {
  auto archive = read_archive(archive_bytes());
  REQUIRE(archive.ok());
  return Site(*std::move(archive));
}

http::Request get(std::string path, http::Headers headers = {}) {
  http::Request out;
  out.method = "GET";
  out.target = path;
  out.path = std::move(path);
  out.headers = std::move(headers);
  return out;
}

const http::Headers kBrowser{{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}};

std::string nonce_of(const http::Response& response) {
  const std::string policy(response.headers.get("Content-Security-Policy"));
  const std::size_t at = policy.find("'nonce-");
  REQUIRE(at != std::string::npos);
  return policy.substr(at + 7, policy.find('\'', at + 7) - at - 7);
}

}  // namespace

TEST_CASE("hashed files: a year, an encoding that the client takes, a tag for each") {
  const Site console = site();
  const auto plain = console.answer(get("/assets/index-Bd2x.js"));
  REQUIRE(plain.has_value());
  CHECK(plain->status == 200);
  CHECK(plain->body == kScript);
  CHECK(plain->headers.get("Content-Type") == "text/javascript; charset=utf-8");
  CHECK(plain->headers.get("Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(plain->headers.get("Vary") == "Accept-Encoding");
  CHECK_FALSE(plain->headers.has("Content-Encoding"));

  const auto zipped = console.answer(get("/assets/index-Bd2x.js", {{"Accept-Encoding", "gzip"}}));
  REQUIRE(zipped.has_value());
  CHECK(zipped->headers.get("Content-Encoding") == "gzip");
  CHECK(compression::gunzip(zipped->body, 1 << 20).value() == kScript);
  const auto brotli =
      console.answer(get("/assets/index-Bd2x.js", {{"Accept-Encoding", "gzip, deflate, br, zstd"}}));
  REQUIRE(brotli.has_value());
  CHECK(brotli->headers.get("Content-Encoding") == "br");
  CHECK(brotli->body == "br of assets/index-Bd2x.js");
  const std::set<std::string_view> tags{plain->headers.get("ETag"), zipped->headers.get("ETag"),
                                        brotli->headers.get("ETag")};
  CHECK(tags.size() == 3);

  for (const std::string& tag : {std::string(brotli->headers.get("ETag")), std::string("*"),
                                 fmt::format("\"other\", W/{}", brotli->headers.get("ETag"))}) {
    CAPTURE(tag);
    const auto same =
        console.answer(get("/assets/index-Bd2x.js", {{"Accept-Encoding", "br"}, {"If-None-Match", tag}}));
    REQUIRE(same.has_value());
    CHECK(same->status == 304);
    CHECK(same->body.empty());
    CHECK(same->headers.get("ETag") == brotli->headers.get("ETag"));
  }
  // The tag of another encoding is not that of this one.
  const std::string other(zipped->headers.get("ETag"));
  CHECK(console.answer(get("/assets/index-Bd2x.js", {{"Accept-Encoding", "br"}, {"If-None-Match", other}}))
            ->status == 200);
  // What compression does not shorten is there as it is.
  CHECK_FALSE(console.answer(get("/assets/small-1a.css", {{"Accept-Encoding", "br"}}))
                  ->headers.has("Content-Encoding"));
  CHECK(console.answer(get("/favicon.svg"))->headers.get("Cache-Control") == "no-cache");
}

TEST_CASE("which encoding") {
  const std::vector<std::string_view> offered{"br", "gzip", "identity"};
  const std::pair<const char*, const char*> cases[] = {
      {"", "identity"},
      {"gzip", "gzip"},
      {"br, gzip", "br"},
      {"gzip, br", "br"},
      {"br;q=0.5, gzip", "gzip"},
      {"br;q=0, gzip;q=0", "identity"},
      {"*", "br"},
      {"br;q=0, *", "gzip"},
      {"GZIP", "gzip"},
      {"deflate", "identity"},
      {"identity", "identity"},
      {"identity;q=0.5, br;q=0.2", "identity"},
      {"br ; q=1.0", "br"},
      {"br;q=nonsense", "identity"},
      {",,gzip,", "gzip"},
  };
  for (const auto& [header, wanted] : cases) {
    CAPTURE(header);
    CHECK(choose_encoding(header, offered) == wanted);
  }
}

TEST_CASE("the page: to whoever wants HTML, with a nonce of its own") {
  const Site console = site();
  std::set<std::string> nonces;
  for (const char* path :
       {"/", "/products/retail/x", "/sign-in", "/index.html", "/no.such.file", "/a/../b"}) {
    CAPTURE(path);
    const auto page = console.answer(get(path, kBrowser));
    REQUIRE(page.has_value());
    CHECK(page->status == 200);
    CHECK(page->headers.get("Content-Type") == "text/html; charset=utf-8");
    CHECK(page->headers.get("Cache-Control") == "no-store");
    CHECK(page->headers.get("Cross-Origin-Opener-Policy") == "same-origin");
    const std::string nonce = nonce_of(*page);
    CHECK(nonce.size() == 24);
    CHECK(nonces.insert(nonce).second);
    CHECK(page->body ==
          fmt::format("<!doctype html><meta property=\"csp-nonce\" nonce=\"{0}\"><style nonce=\"{0}\">",
                      nonce));
    const std::string policy(page->headers.get("Content-Security-Policy"));
    for (const char* part :
         {"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'",
          "form-action 'self'", "connect-src 'self'", "img-src 'self' data:"}) {
      CHECK(policy.find(part) != std::string::npos);
    }
    CHECK(policy.find("unsafe") == std::string::npos);
  }
  CHECK(console.answer(get("/")).has_value());
  CHECK_FALSE(console.answer(get("/products", {{"Accept", "application/json"}})).has_value());
  CHECK_FALSE(console.answer(get("/products", {{"Accept", "text/html;q=0, */*"}})).has_value());
  CHECK_FALSE(console.answer(get("/products")).has_value());
}

TEST_CASE("no page: paths of the API, missing assets, other methods") {
  const Site console = site();
  for (const char* path :
       {"/api", "/apis", "/apis/offtake.dev/nothing", "/openapi/v9", "/registry/x", "/offtake/v1/x",
        "/metrics", "/version", "/healthz", "/readyz/x", "//apis/x", "/assets/none.js", "/assets/",
        "/assets/../index.html", "/assets/..\\index.html", "/assets/index-Bd2x.js/"}) {
    CAPTURE(path);
    CHECK_FALSE(console.answer(get(path, kBrowser)).has_value());
  }
  http::Request post = get("/", kBrowser);
  post.method = "POST";
  CHECK_FALSE(console.answer(post).has_value());
  CHECK_FALSE(answer_without_site(post).has_value());
  CHECK(answer_without_site(get("/"))->body.find("OFFTAKE_WEB=OFF") != std::string::npos);
  CHECK_FALSE(answer_without_site(get("/products", kBrowser)).has_value());
}

TEST_CASE("an archive that is damaged is refused") {
  const std::string whole = archive_bytes();
  const std::string tail = "\"index.html\"";
  std::string without_page = whole;
  without_page.replace(without_page.find(tail), tail.size(), "\"index.htm_\"");
  for (const std::string& bytes :
       {std::string("x"), std::string("OFFTAKE-ASSETS 1\n"), std::string("OFFTAKE-ASSETS 1\n12"),
        std::string("OFFTAKE-ASSETS 1\n3\n{}"), std::string("OFFTAKE-ASSETS 1\n3\n{}}"),
        std::string("OFFTAKE-ASSETS 1\n2\n{}"), whole.substr(0, whole.size() - 5), without_page}) {
    CHECK_FALSE(read_archive(bytes).ok());
  }
  CHECK(read_archive(whole).ok());
}

TEST_CASE("what every response carries") {
  http::Response response = http::Response::of(200, "{}", "application/json");
  add_protection(response);
  CHECK(response.headers.get("X-Content-Type-Options") == "nosniff");
  CHECK(response.headers.get("X-Frame-Options") == "DENY");
  CHECK(response.headers.get("Referrer-Policy") == "no-referrer");
  CHECK(response.headers.get("Cross-Origin-Resource-Policy") == "same-origin");
  CHECK(response.headers.get("Content-Security-Policy").find("default-src 'none'") == 0);
  http::Response page;
  page.headers.set("Content-Security-Policy", "its own");
  add_protection(page);
  CHECK(page.headers.get("Content-Security-Policy") == "its own");
}
