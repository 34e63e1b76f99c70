// How a sender shows who it is: bearer, basic, or a signature; from files, which are read again when they
// change, so a rotated secret needs no restart. Used by one thread. No message shows a value.
//
// Signature: Standard Webhooks (standardwebhooks.com, spec 1.0): HMAC-SHA256 over
// "<webhook-id>.<webhook-timestamp>.<body>", the body byte for byte, in
//   webhook-id: <id of the event>   webhook-timestamp: <seconds since 1970>   webhook-signature: v1,<base64>
// The key is the file's bytes, or what follows "whsec_" in base64. A receiver refuses timestamps over five
// minutes old and ids it has seen. In binary mode of the attributes only the id is covered.
#pragma once
#include "base/clock.h"
#include "base/files/files.h"
#include "base/http/message.h"

namespace offtake::targets::http {

// Empty paths: none of that kind. At most one of bearer and basic.
struct CredentialFiles {
  files::Path bearer_token = {};
  files::Path user = {}, password = {};
  files::Path signing_key = {};
};

class Credentials {
 public:
  explicit Credentials(CredentialFiles paths) : paths_(std::move(paths)) {}

  // Reads what changed. Codes SecretMissing (waiting), BadSecret (terminal).
  base::Status refresh();
  // REQUIRES: a refresh() that went well.
  void add_to(offtake::http::Headers& headers, std::string_view id, std::string_view body,
              base::Micros now) const;

 private:
  struct Seen {
    std::filesystem::file_time_type changed;
    std::uintmax_t size = 0;
    bool read = false;
  };
  // True where it was read again.
  base::Result<bool> read(const files::Path& path, std::string& value, Seen& seen) const;

  CredentialFiles paths_;
  std::string bearer_, user_, password_, signing_key_;  // of the files, without a line break at the end
  std::string authorization_, key_;                     // what is made of them
  Seen bearer_seen_, user_seen_, password_seen_, signing_seen_;
};

}  // namespace offtake::targets::http
