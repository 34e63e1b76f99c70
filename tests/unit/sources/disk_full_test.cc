// A disk that is really full: a small tmpfs. Needs the right to mount; without it the case says so.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "conformance.h"
#include "operators/sources/embedded/store.h"
#include "scratch.h"

namespace offtake::sources::embedded {
namespace {

using conformance::must;

class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=24m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a full disk refuses appends; reads go on; space brings appends back and nothing is lost") {
  const Scratch scratch;
  SmallDisk disk(scratch.path("disk"));
  if (!disk.mounted()) {
    const char* required = std::getenv("OFFTAKE_TEST_REQUIRE");
    if (required != nullptr && std::string_view(required) == "all")
      FAIL("tmpfs cannot be mounted: errno " << errno);
    MESSAGE("skipped: a tmpfs cannot be mounted here");
    return;
  }
  for (const std::uint64_t reserved : {std::uint64_t{0}, std::uint64_t{4 << 20}}) {
    const std::string dir = disk.path() + "/events-" + std::to_string(reserved);
    const std::string ballast = disk.path() + "/ballast";
    std::ofstream(ballast) << std::string(8 << 20, 'b');
    std::size_t written = 0;
    {
      LogOptions options;
      options.dir = dir;
      options.memtable_bytes = 1 << 20;
      options.reserved_bytes = reserved;
      std::shared_ptr<Log> log = must(Log::open(options));
      auto store = make_store(log);
      TopicSpec spec;
      spec.topic = "t";
      must(store->create_topic(spec));
      const auto append = [&] {
        std::string value(20'000, '\0');
        for (auto& c : value) c = static_cast<char>(std::rand());
        return store->append("t", std::vector{conformance::record("k", value)});
      };
      auto refused = append();
      while (refused.ok()) {
        ++written;
        REQUIRE(written < 5000);
        refused = append();
      }
      CHECK(refused.error().code == "DiskFull");
      CHECK(refused.error().retry == base::Retry::kTransient);
      // A flush may have made room in between; what is refused is refused for the same reason.
      if (auto next = append(); next.ok()) {
        ++written;
      } else {
        CHECK(next.error().code == "DiskFull");
      }
      CHECK(conformance::read_all(*store, "t").size() == written);

      std::filesystem::remove(ballast);
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      auto again = append();
      while (!again.ok() && std::chrono::steady_clock::now() < deadline) again = append();
      must(std::move(again));
      ++written;
      CHECK(conformance::read_all(*store, "t").size() == written);
    }
    LogOptions options;
    options.dir = dir;
    {
      auto store = make_store(std::shared_ptr<Log>(must(Log::open(options))));
      CHECK(conformance::read_all(*store, "t").size() == written);
    }
    std::filesystem::remove_all(dir);
  }
}

}  // namespace offtake::sources::embedded
