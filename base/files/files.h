// Files and directories as the product uses them. Functions are thread-safe. Errors carry the path and the
// system's text; a full disk is code DiskFull (transient), a missing file NotFound, anything else FileError.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::files {

using Path = std::filesystem::path;

base::Result<std::string> read_file(const Path& path, std::size_t max_bytes = 64 << 20);  // code TooLarge

// Replaces the file as a whole: after a crash it is the old one or the new one. The new file and its
// directory are synced. `mode` is exact (the umask does not count): 0600 for secrets.
base::Status write_file_atomic(const Path& path, std::string_view content, unsigned mode = 0644);

base::Status make_dirs(const Path& path, unsigned mode = 0755);  // with parents; fine if it exists
base::Status remove_file(const Path& path);                      // fine if it is not there
base::Status remove_tree(const Path& path);                      // likewise; does not follow links
bool exists(const Path& path);
base::Result<std::vector<std::string>> list_names(const Path& directory);  // sorted, without . and ..
base::Result<std::uint64_t> free_disk_bytes(const Path& path);             // for an ordinary user

// Gives the file or directory another name in the same file system; both directories are synced. What has
// that name already is replaced if it is a file or an empty directory.
base::Status rename_synced(const Path& from, const Path& to);

// A new file written from its beginning to its end. Nothing is durable before sync(). Closed when it goes.
class OutputFile {
 public:
  static base::Result<OutputFile> create(const Path& path, unsigned mode = 0644);  // which must not exist
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();
  base::Status append(std::string_view content);
  base::Status sync();

 private:
  OutputFile(Path path, int fd) : path_(std::move(path)), fd_(fd) {}
  Path path_;
  int fd_ = -1;
};

// A file read from its beginning to its end.
class InputFile {
 public:
  static base::Result<InputFile> open(const Path& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();
  // `count` bytes, fewer only where the file ends.
  base::Result<std::size_t> read(char* to, std::size_t count);

 private:
  InputFile(Path path, int fd) : path_(std::move(path)), fd_(fd) {}
  Path path_;
  int fd_ = -1;
};

// An exclusive lock on a file, made if need be, held while the object lives (and not inherited by
// children). The system lets it go when the process dies. The file stays.
class LockFile {
 public:
  // Code Locked when another process has it; the message names its pid.
  static base::Result<LockFile> acquire(const Path& path);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// A fresh directory below $TMPDIR (or /tmp), removed with everything in it at the end.
class TempDir {
 public:
  static base::Result<TempDir> make(std::string_view prefix = "offtake");
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;
  ~TempDir();
  const Path& path() const { return path_; }

 private:
  explicit TempDir(Path path) : path_(std::move(path)) {}
  Path path_;
};

}  // namespace offtake::files
