#include "schemas/avro/framing.h"

namespace offtake::avro {

base::Result<Framed> split_frame(std::string_view message) {
  if (is_framed(message)) return split_frame_unchecked(message);
  if (message.size() < kFrameBytes) {
    return base::row_error(
        "RecordNotDecoded",
        fmt::format("the message has {} bytes, fewer than the 5 of its schema id", message.size()));
  }
  return base::row_error("RecordNotDecoded",
                         fmt::format("the message starts with the byte {:#04x}, not with 0 and a schema id",
                                     static_cast<unsigned char>(message[0])))
      .with_hint("it was not written by a serializer that uses a schema registry");
}

void append_frame(std::uint32_t schema_id, std::string& out) {
  out += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(schema_id >> shift & 0xFFU);
}

}  // namespace offtake::avro
