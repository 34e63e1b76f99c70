#include "base/crypto/crypto.h"

namespace offtake::crypto {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string encode(std::string_view bytes, std::string_view letters, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t pos = 0; pos < bytes.size(); pos += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - pos);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[pos + i]) : 0U);
    }
    for (std::size_t i = 0; i <= count; ++i) out += letters[group >> (18 - 6 * i) & 63U];
    if (pad) out.append(3 - count, '=');
  }
  return out;
}

base::Result<std::string> decode(std::string_view text, std::string_view letters, bool padded) {
  const auto bad = [] { return base::terminal("BadBase64", "the text is no base64"); };
  if (padded && text.size() % 4 != 0) return bad();
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return bad();
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    const auto value = letters.find(c);
    if (value == std::string_view::npos) return bad();
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      out += static_cast<char>(bits >> bit_count & 0xFFU);
    }
  }
  // Left-over bits must be zero, or two texts would mean the same bytes.
  if ((bits & ((1U << bit_count) - 1)) != 0) return bad();
  return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
  return encode(bytes, kStandard, true);
}
base::Result<std::string> base64_decode(std::string_view text) {
  return decode(text, kStandard, true);
}
std::string base64_url(std::string_view bytes) {
  return encode(bytes, kUrlSafe, false);
}
base::Result<std::string> base64_url_decode(std::string_view text) {
  return decode(text, kUrlSafe, false);
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15U];
  }
  return out;
}

base::Result<std::string> hex_decode(std::string_view text) {
  const auto bad = [] {
    return base::terminal("BadHex", "the text is no hexadecimal number of whole bytes");
  };
  if (text.size() % 2 != 0) return bad();
  std::string out;
  out.reserve(text.size() / 2);
  int byte = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return bad();
    }
    byte = byte * 16 + digit;
    if (i % 2 == 1) {
      out += static_cast<char>(byte);
      byte = 0;
    }
  }
  return out;
}

}  // namespace offtake::crypto
