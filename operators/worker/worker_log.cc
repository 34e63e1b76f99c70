#include "operators/worker/worker_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace offtake::worker {
namespace {

constexpr int kOldLogs = 4;

struct Closes {
  void operator()(const int* descriptor) const {
    close(*descriptor);
    delete descriptor;
  }
};

struct OpenLog {
  std::unique_ptr<const int, Closes> descriptor;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  // Files only grow: one that ends before the place is another, which got the number of one that is gone.
  bool holds(const LogPlace& place) const { return inode == place.file && bytes >= place.offset; }
};

// The oldest first. Opened from the newest on: when the log is rotated meanwhile, a file is met twice, but
// none is missed.
std::vector<OpenLog> open_logs(const files::Path& directory, std::string_view program) {
  std::vector<OpenLog> out;
  for (int age = 0; age <= kOldLogs; ++age) {
    const std::string name =
        age == 0 ? fmt::format("{}.log", program) : fmt::format("{}.{}.log", program, age);
    const int descriptor = ::open((directory / name).c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) continue;
    OpenLog log{std::unique_ptr<const int, Closes>(new int(descriptor))};
    struct stat found {};
    if (fstat(descriptor, &found) != 0) continue;
    log.inode = found.st_ino;
    log.bytes = static_cast<std::uint64_t>(found.st_size);
    if (out.empty() || out.back().inode != log.inode) out.push_back(std::move(log));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

base::Result<std::string> read_log(const files::Path& directory, LogPlace& place, std::size_t limit,
                                   LogOf of) {
  const bool cut = of == LogOf::kFunction;
  const auto logs = cut ? open_logs(directory / "function", "function") : open_logs(directory, "worker");
  if (logs.empty()) return std::string();
  // One that is cut when it is rotated begins anew.
  if (cut && place.file == logs.back().inode && !logs.back().holds(place)) place.offset = 0;
  // A file that is gone was rotated away: what is still kept follows it.
  auto log = place.file == 0 ? logs.end() - 1
                             : std::find_if(logs.begin(), logs.end(),
                                            [&](const OpenLog& known) { return known.holds(place); });
  if (log == logs.end()) log = logs.begin();
  if (!log->holds(place)) place = {log->inode, 0};
  std::string out(limit, '\0');
  for (;;) {
    const ssize_t got = pread(*log->descriptor, out.data(), limit, static_cast<off_t>(place.offset));
    if (got < 0) {
      return base::terminal("FileError", fmt::format("cannot read the log: {}", std::strerror(errno)));
    }
    if (got > 0) {
      out.resize(static_cast<std::size_t>(got));
      place.offset += static_cast<std::uint64_t>(got);
      return out;
    }
    if (++log == logs.end()) return std::string();
    place = {log->inode, 0};
  }
}

}  // namespace offtake::worker
