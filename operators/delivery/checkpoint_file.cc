#include "operators/delivery/checkpoint_file.h"

#include "base/crypto/crypto.h"

namespace offtake::delivery {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

struct BlockHeader {
  std::uint32_t bytes = 0, crc = 0;
};

std::string_view bytes_of(const BlockHeader& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

std::uint32_t with(std::uint32_t all, std::uint32_t crc) {
  return crypto::crc32c({reinterpret_cast<const char*>(&crc), sizeof crc}, all);
}

base::Error damaged(std::string_view what) {
  return base::terminal("CheckpointDamaged", fmt::format("its state: {}", what));
}

}  // namespace

base::Result<StateFileWriter> StateFileWriter::create(const files::Path& path) {
  auto file = files::OutputFile::create(path, 0600);
  if (!file) return std::move(file).error();
  return StateFileWriter(*std::move(file));
}

base::Status StateFileWriter::write(std::string_view block, std::uint32_t crc) {
  const BlockHeader header{static_cast<std::uint32_t>(block.size()), crc};
  if (auto written = file_.append(bytes_of(header)); !written) return written;
  sum_.bytes += sizeof header + block.size();
  return block.empty() ? base::Status() : file_.append(block);
}

base::Status StateFileWriter::append(std::string_view block) {
  const std::uint32_t crc = crypto::crc32c(block);
  sum_.crc = with(sum_.crc, crc);
  return write(block, crc);
}

base::Result<StateFileSum> StateFileWriter::end() {
  if (auto written = write({}, sum_.crc); !written) return std::move(written).error();
  return sum_;
}

base::Result<StateFileReader> StateFileReader::open(const files::Path& path, const StateFileSum& expected) {
  auto file = files::InputFile::open(path);
  if (!file) return std::move(file).error();
  return StateFileReader(*std::move(file), expected);
}

base::Result<bool> StateFileReader::read(char* to, std::size_t count) {
  auto got = file_.read(to, count);
  if (!got) return std::move(got).error();
  sum_.bytes += *got;
  return *got == count;
}

base::Result<std::string_view> StateFileReader::next() {
  if (ended_) return std::string_view();
  BlockHeader header;
  auto whole = read(reinterpret_cast<char*>(&header), sizeof header);
  if (!whole) return std::move(whole).error();
  if (!*whole) return damaged("it is cut short");
  if (header.bytes == 0) {
    ended_ = true;
    if (header.crc != sum_.crc || sum_.crc != expected_.crc || sum_.bytes != expected_.bytes) {
      return damaged("it is not the one that was written");
    }
    return std::string_view();
  }
  if (header.bytes > kBlockBytes) return damaged("a block is too large");
  block_.resize(header.bytes);
  whole = read(block_.data(), block_.size());
  if (!whole) return std::move(whole).error();
  if (!*whole) return damaged("it is cut short");
  if (crypto::crc32c(block_) != header.crc) return damaged("a checksum is wrong");
  sum_.crc = with(sum_.crc, header.crc);
  return std::string_view(block_);
}

}  // namespace offtake::delivery
