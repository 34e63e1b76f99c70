// An archive as controlplane/console/pack.mjs writes it, without Node.
#pragma once
#include <string>
#include <vector>

#include "base/compression/gzip.h"
#include "base/crypto/crypto.h"
#include "base/json/value.h"

namespace offtake::console {

struct Unpacked {
  std::string path, type, content;
};

// What is longer than 100 bytes gets a gzip and a br body; the latter is no real brotli, which nobody here
// decodes.
inline std::string pack(const std::vector<Unpacked>& files) {
  json::Value entries = json::Value::array();
  std::string blobs;
  const auto body = [&](std::string_view encoding, const std::string& bytes) {
    json::Value out = json::Object{{"encoding", encoding},
                                   {"offset", std::uint64_t{blobs.size()}},
                                   {"bytes", std::uint64_t{bytes.size()}}};
    blobs += bytes;
    return out;
  };
  for (const Unpacked& file : files) {
    json::Value bodies = json::Value::array();
    bodies.push_back(body("identity", file.content));
    if (file.content.size() > 100) {
      bodies.push_back(body("gzip", compression::gzip(file.content)));
      bodies.push_back(body("br", "br of " + file.path));
    }
    entries.push_back(json::Object{{"path", file.path},
                                   {"type", file.type},
                                   {"sha256", crypto::sha256_hex(file.content)},
                                   {"bodies", std::move(bodies)}});
  }
  const std::string index =
      json::dump(json::Object{{"build", "0123456789abcdef"}, {"files", std::move(entries)}});
  return fmt::format("OFFTAKE-ASSETS 1\n{}\n{}{}", index.size(), index, blobs);
}

}  // namespace offtake::console
