#include "operators/provision/naming/physical_name.h"

#include "base/crypto/crypto.h"

namespace offtake::provision::naming {
namespace {
constexpr std::size_t kDigestDigits = 10;
}  // namespace

std::string readable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    out += upper ? static_cast<char>(c - 'A' + 'a') : kept ? c : '_';
  }
  return out;
}

std::string digest(const std::vector<std::string>& parts) {
  // Each part with its length, so that ("a", "bc") and ("ab", "c") differ.
  std::string all;
  for (const auto& part : parts) all += fmt::format("{}:{};", part.size(), part);
  return crypto::sha256_hex(all).substr(0, kDigestDigits);
}

std::string physical_name(std::string_view readable_part, const std::vector<std::string>& identity,
                          std::size_t max_bytes) {
  std::string front = readable(readable_part);
  front.resize(std::min(front.size(), max_bytes - kDigestDigits - 1));
  return front + "_" + digest(identity);
}

}  // namespace offtake::provision::naming
