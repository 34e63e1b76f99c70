// The console's files over HTTP: hashed ones for a year, the others with an ETag, and index.html for every
// page of the application, with a nonce of its own. Immutable; any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/message.h"
#include "controlplane/console/archive.h"

namespace offtake::console {

// What index.html has where the nonce of a response belongs.
inline constexpr std::string_view kNoncePlaceholder = "OFFTAKE_CSP_NONCE";

class Site {
 public:
  explicit Site(Archive archive);

  // For http::Router::set_fallback: a file by its exact path; else the page, to GETs that want HTML. Nothing
  // for other methods, for what is below /assets and not there, and for the paths of the API.
  std::optional<http::Response> answer(const http::Request& request) const;
  const std::string& build() const { return archive_.build; }

 private:
  http::Response file(const ArchivedFile& file, const http::Request& request) const;
  http::Response page() const;

  Archive archive_;
  std::vector<std::string_view> page_;  // index.html between its placeholders
};

// The same where the console is not part of the program: `/` says so.
std::optional<http::Response> answer_without_site(const http::Request& request);

// Which of the encodings a client takes that says `accept_encoding`; "identity" when it says nothing or takes
// none. Of those that it likes equally, the first one offered.
std::string_view choose_encoding(std::string_view accept_encoding,
                                 const std::vector<std::string_view>& offered);

}  // namespace offtake::console
