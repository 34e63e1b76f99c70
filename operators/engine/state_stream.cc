#include "operators/engine/state_stream.h"

#include <algorithm>

namespace offtake::engine {

StateWriter::StateWriter(Sink sink) : sink_(std::move(sink)) {
  buffer_.reserve(kBlockBytes);
}

void StateWriter::give(std::string_view block) {
  if (status_.ok() && !block.empty()) status_ = sink_(block);
}

void StateWriter::bytes(const void* from, std::size_t count) {
  if (!status_) return;
  std::string_view left(static_cast<const char*>(from), count);
  while (buffer_.size() + left.size() >= kBlockBytes) {
    if (buffer_.empty()) {
      give(left.substr(0, kBlockBytes));
      left.remove_prefix(kBlockBytes);
      continue;
    }
    const std::size_t part = kBlockBytes - buffer_.size();
    buffer_.append(left.substr(0, part));
    left.remove_prefix(part);
    give(buffer_);
    buffer_.clear();
  }
  buffer_.append(left);
}

void StateWriter::text(std::string_view value) {
  put<std::uint64_t>(value.size());
  bytes(value.data(), value.size());
}

void StateWriter::fail(base::Error error) {
  if (status_) status_ = std::move(error);
}

base::Status StateWriter::finish() {
  give(buffer_);
  buffer_.clear();
  return status_;
}

bool StateReader::refill() {
  if (!status_) return false;
  auto next = source_();
  if (!next) {
    status_ = std::move(next).error();
    return false;
  }
  block_ = *next;
  if (block_.empty()) damaged("it ends too soon");
  return status_.ok();
}

void StateReader::bytes(void* to, std::size_t count) {
  char* place = static_cast<char*>(to);
  while (count > 0) {
    if (!status_ || (block_.empty() && !refill())) {
      std::memset(place, 0, count);
      return;
    }
    const std::size_t part = std::min(count, block_.size());
    std::memcpy(place, block_.data(), part);
    block_.remove_prefix(part);
    place += part;
    count -= part;
  }
}

std::string StateReader::text() {
  // No value is larger: rows are bounded by the pages' 32-bit sizes.
  constexpr std::uint64_t kMost = std::uint64_t{1} << 32;
  std::string out;
  // Piece by piece: a length that is not true must not take memory first.
  for (std::uint64_t left = count(kMost); left > 0 && ok();) {
    if (block_.empty() && !refill()) break;
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, block_.size()));
    out.append(block_.substr(0, part));
    block_.remove_prefix(part);
    left -= part;
  }
  return out;
}

std::uint64_t StateReader::count(std::uint64_t most) {
  const auto value = get<std::uint64_t>();
  if (value <= most) return value;
  damaged("a count is out of bounds");
  return 0;
}

bool StateReader::charge(std::size_t bytes) {
  if (!status_) return false;
  charged_ += bytes;
  if (limit_ == 0 || charged_ <= limit_) return true;
  status_ =
      base::transient("MemoryExceeded", fmt::format("the state of the product needs more than its limit of "
                                                    "{} MiB",
                                                    limit_ >> 20))
          .with_hint("raise spec.runner.memory, or select fewer columns and rows");
  return false;
}

void StateReader::damaged(std::string_view what) {
  if (status_) status_ = base::terminal("StateDamaged", fmt::format("the saved state is damaged: {}", what));
}

void StateReader::expect(std::uint32_t mark, std::string_view what) {
  if (get<std::uint32_t>() != mark) damaged(fmt::format("{} is not where it must be", what));
}

base::Status StateReader::finish() {
  if (!status_) return status_;
  if (block_.empty()) {
    auto next = source_();
    if (!next) return std::move(next).error();
    block_ = *next;
  }
  if (!block_.empty()) damaged("it goes on after its end");
  return status_;
}

}  // namespace offtake::engine
