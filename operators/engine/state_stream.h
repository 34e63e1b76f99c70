// The state of a dataflow as a stream of bytes, for checkpoints: what writes it and what reads it back.
// Values lie as they do in memory (little endian); a length comes before what has no fixed size. Both keep
// their first error and do nothing from then on, so that callers need not ask after each value. One thread.
#pragma once
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace offtake::engine {

// Of all that Dataflow::save writes. Raised with whatever changes its meaning: the header or layout of a
// packed row, the bytes an operator keeps beside one, an accumulator, the hashes behind an index. State of
// another format is not read: it is built again.
inline constexpr int kStateFormat = 1;

class StateWriter {
 public:
  // Takes blocks of at most kBlockBytes, in order.
  using Sink = std::function<base::Status(std::string_view)>;
  static constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  explicit StateWriter(Sink sink);

  void bytes(const void* from, std::size_t count);
  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes(&value, sizeof value);
  }
  void text(std::string_view value);  // with its length
  void fail(base::Error error);
  // What is left goes to the sink; the first error there was.
  base::Status finish();

 private:
  void give(std::string_view block);
  Sink sink_;
  std::string buffer_;
  base::Status status_;
};

class StateReader {
 public:
  // The next block, valid until the one after it is asked for; empty at the end.
  using Source = std::function<base::Result<std::string_view>()>;
  // `memory_limit`: what charge() allows in all; 0: no limit.
  StateReader(Source source, std::size_t memory_limit) : source_(std::move(source)), limit_(memory_limit) {}

  void bytes(void* to, std::size_t count);  // zeros after an error
  template <class T>
  T get() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    bytes(&value, sizeof value);
    return value;
  }
  std::string text();
  // A number of things; 0 after an error, and where it is more than `most`, which is one.
  std::uint64_t count(std::uint64_t most);
  // The state will take so much memory: before it is allocated. False: an error, MemoryExceeded.
  bool charge(std::size_t bytes);
  // Code StateDamaged, with what was not as it must be.
  void damaged(std::string_view what);
  void expect(std::uint32_t mark, std::string_view what);
  bool ok() const { return status_.ok(); }
  const base::Status& status() const { return status_; }
  // That nothing is left.
  base::Status finish();

 private:
  bool refill();
  Source source_;
  std::size_t limit_, charged_ = 0;
  std::string_view block_;
  base::Status status_;
};

// Where one part of the state ends and the next begins.
constexpr std::uint32_t state_mark(const char (&name)[5]) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(name[0])) |
         static_cast<std::uint32_t>(static_cast<unsigned char>(name[1])) << 8 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(name[2])) << 16 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(name[3])) << 24;
}

}  // namespace offtake::engine
