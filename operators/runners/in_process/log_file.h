// The log of one worker that is a thread: lines appended to a file that is rotated (x.log, x.1.log, …: named
// as those of workers that are processes). Thread-safe.
#pragma once
#include <cstdint>
#include <mutex>
#include <string_view>

#include "base/files/files.h"

namespace offtake::runners {

class LogFile {
 public:
  explicit LogFile(files::Path path, std::uint64_t rotate_bytes = 10 << 20, int kept = 5);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  void write(std::string_view line);
  // For base::LogScope.
  static void sink(void* log_file, std::string_view line) { static_cast<LogFile*>(log_file)->write(line); }

 private:
  void open();
  void rotate();
  files::Path path_;
  const std::uint64_t rotate_bytes_;
  const int kept_;
  std::mutex mutex_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
};

}  // namespace offtake::runners
