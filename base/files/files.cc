#include "base/files/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/id.h"

namespace offtake::files {
namespace {

base::Error system_error(std::string_view doing, const Path& path, int error) {
  const std::string message = fmt::format("{} {}: {}", doing, path.string(), std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) {
    return base::transient("DiskFull", message).with_hint("free some space, it goes on by itself");
  }
  if (error == ENOENT) return base::terminal("NotFound", message);
  return base::terminal("FileError", message);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t done = ::write(fd, content.data(), content.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

base::Status sync_directory(const Path& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) {
    return system_error("cannot sync the directory", directory, errno);
  }
  return {};
}

Path directory_of(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

}  // namespace

base::Result<std::string> read_file(const Path& path, std::size_t max_bytes) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("cannot open", path, errno);
  std::string out;
  std::array<char, 64 << 10> buffer;
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read", path, errno);
    if (got == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(got));
    if (out.size() > max_bytes) {
      return base::terminal("TooLarge", fmt::format("{} is larger than {} bytes", path.string(), max_bytes));
    }
  }
}

base::Status write_file_atomic(const Path& path, std::string_view content, unsigned mode) {
  // In the same directory, as a rename must not cross file systems.
  const Path temp =
      directory_of(path) / fmt::format(".{}.{}.new", path.filename().string(), base::random_id());
  const auto fail = [&](std::string_view doing, int error) {
    ::unlink(temp.c_str());
    return system_error(doing, path, error);
  };
  Descriptor fd(::open(temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (fd.get() < 0) return system_error("cannot create", path, errno);
  if (::fchmod(fd.get(), mode) != 0) return fail("cannot set the mode of", errno);
  if (!write_all(fd.get(), content)) return fail("cannot write", errno);
  if (::fsync(fd.get()) != 0) return fail("cannot sync", errno);
  if (::close(fd.release()) != 0) return fail("cannot close", errno);
  if (::rename(temp.c_str(), path.c_str()) != 0) return fail("cannot replace", errno);
  return sync_directory(directory_of(path));
}

base::Status make_dirs(const Path& path, unsigned mode) {
  Path so_far;
  for (const Path& part : path) {
    so_far /= part;
    if (::mkdir(so_far.c_str(), mode) == 0 || errno == EEXIST) continue;
    // A parent that may not be written to is fine as long as it is there.
    const int error = errno;
    if (!files::exists(so_far)) return system_error("cannot create the directory", so_far, error);
  }
  struct ::stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error("cannot look at", path, errno);
  if (!S_ISDIR(info.st_mode)) return system_error("cannot create the directory", path, ENOTDIR);
  return {};
}

base::Status remove_file(const Path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("cannot remove", path, errno);
  return {};
}

base::Status remove_tree(const Path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return system_error("cannot remove", path, error.value());
  return {};
}

bool exists(const Path& path) {
  struct ::stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

base::Result<std::vector<std::string>> list_names(const Path& directory) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(directory, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error) return system_error("cannot list", directory, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::uint64_t> free_disk_bytes(const Path& path) {
  struct ::statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return system_error("cannot look at the disk of", path, errno);
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

base::Status rename_synced(const Path& from, const Path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error("cannot rename to", to, errno);
  if (directory_of(from) != directory_of(to)) {
    if (auto synced = sync_directory(directory_of(from)); !synced) return synced;
  }
  return sync_directory(directory_of(to));
}

base::Result<OutputFile> OutputFile::create(const Path& path, unsigned mode) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (fd.get() < 0) return system_error("cannot create", path, errno);
  return OutputFile(path, fd.release());
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

base::Status OutputFile::append(std::string_view content) {
  if (!write_all(fd_, content)) return system_error("cannot write", path_, errno);
  return {};
}

base::Status OutputFile::sync() {
  if (::fsync(fd_) != 0) return system_error("cannot sync", path_, errno);
  return {};
}

base::Result<InputFile> InputFile::open(const Path& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("cannot open", path, errno);
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return InputFile(path, fd.release());
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

base::Result<std::size_t> InputFile::read(char* to, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = ::read(fd_, to + done, count - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read", path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

base::Result<LockFile> LockFile::acquire(const Path& path) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (fd.get() < 0) return system_error("cannot open the lock file", path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("cannot lock", path, errno);
    const auto pid = read_file(path, 64);
    std::string holder = pid.ok() ? *pid : "";
    while (!holder.empty() && holder.back() == '\n') holder.pop_back();
    return base::terminal("Locked", fmt::format("{} is locked by process {}", path.string(),
                                                holder.empty() ? "(unknown)" : holder));
  }
  // Only for the message of the one who comes too late; the lock itself is flock's.
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0 || !write_all(fd.get(), pid)) {
    return system_error("cannot write", path, errno);
  }
  return LockFile(fd.release());
}

LockFile::LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

base::Result<TempDir> TempDir::make(std::string_view prefix) {
  const char* configured = std::getenv("TMPDIR");
  const Path parent = configured != nullptr && *configured != '\0' ? configured : "/tmp";
  std::string name = (parent / fmt::format("{}-XXXXXX", prefix)).string();
  if (::mkdtemp(name.data()) == nullptr) {
    return system_error("cannot create a temporary directory in", parent, errno);
  }
  return TempDir(name);
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::move(other.path_)) {
  other.path_.clear();
}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  std::error_code ignored;  // nothing can be done about it here
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace offtake::files
