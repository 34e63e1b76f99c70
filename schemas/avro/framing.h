// Confluent's framing of a message: a zero byte, the schema's id as 4 bytes big endian, the payload.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::avro {

inline constexpr std::size_t kFrameBytes = 5;

struct Framed {
  std::uint32_t schema_id = 0;
  std::string_view payload;  // into the message
};

inline bool is_framed(std::string_view message) {
  return message.size() >= kFrameBytes && message[0] == 0;
}

// REQUIRES: is_framed(message).
inline Framed split_frame_unchecked(std::string_view message) {
  const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(message[i])}; };
  return {byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4), message.substr(kFrameBytes)};
}

// Row error RecordNotDecoded for a message without the frame.
base::Result<Framed> split_frame(std::string_view message);

// Appends the frame to `out`.
void append_frame(std::uint32_t schema_id, std::string& out);

}  // namespace offtake::avro
