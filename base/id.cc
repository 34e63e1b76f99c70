#include "base/id.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cstdlib>
#include <span>

namespace offtake::base {
namespace {
// The kernel's source does not fail for such sizes once the machine is up.
void fill_random(std::span<unsigned char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = getrandom(out.data() + done, out.size() - done, 0);
    if (got > 0) done += static_cast<std::size_t>(got);
  }
}
}  // namespace

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  fill_random({reinterpret_cast<unsigned char*>(&value), sizeof value});
  return value;
}

std::string random_id() {
  return fmt::format("{:016x}", random_u64());
}

std::string random_uuid() {
  const std::uint64_t high = (random_u64() & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (random_u64() & ~(3ULL << 62)) | (2ULL << 62);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff,
                     low >> 48, low & 0xffffffffffffULL);
}

std::string random_password(std::size_t length) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string out;
  while (out.size() < length) {
    std::uint64_t bits = random_u64();
    for (int i = 0; i < 10 && out.size() < length; ++i, bits >>= 6) {
      // 62 and 63 are skipped so that every letter is equally likely.
      if ((bits & 63) < kLetters.size()) out += kLetters[bits & 63];
    }
  }
  return out;
}

}  // namespace offtake::base
