#include "operators/runners/in_process/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace offtake::runners {

LogFile::LogFile(files::Path path, std::uint64_t rotate_bytes, int kept)
    : path_(std::move(path)), rotate_bytes_(rotate_bytes), kept_(kept) {
  open();
}

LogFile::~LogFile() {
  if (fd_ >= 0) close(fd_);
}

void LogFile::open() {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat found {};
  bytes_ = fd_ >= 0 && fstat(fd_, &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

void LogFile::rotate() {
  close(fd_);
  std::error_code ignored;  // a log that cannot be rotated goes on in its file
  const auto of_age = [&](int age) {
    if (age == 0) return path_;
    return path_.parent_path() /
           fmt::format("{}.{}{}", path_.stem().string(), age, path_.extension().string());
  };
  for (int age = kept_ - 1; age >= 1; --age) std::filesystem::rename(of_age(age - 1), of_age(age), ignored);
  open();
}

void LogFile::write(std::string_view line) {
  std::lock_guard lock(mutex_);
  if (fd_ < 0) return;
  if (bytes_ >= rotate_bytes_) rotate();
  std::string text(line);
  if (!text.ends_with('\n')) text += '\n';
  const ssize_t done = ::write(fd_, text.data(), text.size());
  if (done > 0) bytes_ += static_cast<std::uint64_t>(done);
}

}  // namespace offtake::runners
