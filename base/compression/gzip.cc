#include "base/compression/gzip.h"

#include <zlib.h>

namespace offtake::compression {
namespace {

constexpr int kGzipWindow = 15 + 16;  // 16: with the head and end of a gzip file

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // the room suffices for all of it
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

base::Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes) {
  z_stream stream{};
  inflateInit2(&stream, kGzipWindow);
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int code = Z_OK;
  while (code == Z_OK) {
    const std::size_t had = out.size();
    out.resize(std::min(std::max<std::size_t>(had * 2, 64 << 10), max_bytes + 1));
    if (out.size() == had) break;
    stream.next_out = bytes_of(out) + had;
    stream.avail_out = static_cast<uInt>(out.size() - had);
    code = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  const bool whole = code == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (out.size() > max_bytes) {
    return base::terminal("TooLarge", fmt::format("it is larger than {} bytes when unpacked", max_bytes));
  }
  if (!whole) return base::terminal("BadGzip", "the compressed bytes are damaged or cut off");
  return out;
}

}  // namespace offtake::compression
