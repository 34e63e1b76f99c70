#include "schemas/avro/wire.h"

namespace offtake::avro {

bool is_utf8_slowly(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at < end) {
    const unsigned lead = *at++;
    if (lead < 0x80) continue;
    int tails = 0;
    unsigned low = 0x80, high = 0xBF;  // of the first continuation byte
    if (lead >= 0xC2 && lead <= 0xDF) {
      tails = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      tails = 2;
      if (lead == 0xE0) low = 0xA0;   // shorter forms exist
      if (lead == 0xED) high = 0x9F;  // surrogates
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      tails = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;  // beyond U+10FFFF
    } else {
      return false;
    }
    for (; tails > 0; --tails) {
      if (at == end || *at < low || *at > high) return false;
      ++at;
      low = 0x80;
      high = 0xBF;
    }
  }
  return true;
}

}  // namespace offtake::avro
