// Memory for state that is visited at random: pieces of 2 MiB and more are asked for on huge pages, where the
// kernel has them, which spares most of the page faults of a fill and most address look-ups of a probe.
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace offtake::engine {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// Never null; freed by std::free.
inline void* allocate_large(std::size_t bytes) {
  void* memory = nullptr;
  if (bytes < kHugePageBytes) {
    memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  if (posix_memalign(&memory, kHugePageBytes, bytes) != 0) throw std::bad_alloc();
  // Advice: where it is not taken, all works as before. Only whole huge pages, so that no more is used.
  madvise(memory, bytes / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);
  return memory;
}

// For standard containers.
template <class T>
struct LargeAllocator {
  using value_type = T;
  LargeAllocator() = default;
  template <class Other>
  explicit LargeAllocator(const LargeAllocator<Other>&) {}
  T* allocate(std::size_t count) { return static_cast<T*>(allocate_large(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { std::free(memory); }
  friend bool operator==(const LargeAllocator&, const LargeAllocator&) { return true; }
};

}  // namespace offtake::engine
