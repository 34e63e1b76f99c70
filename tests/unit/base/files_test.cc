#include "base/files/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace offtake;

TEST_CASE("atomic write replaces, keeps the mode and leaves nothing behind") {
  const auto dir = files::TempDir::make();
  const auto path = dir->path() / "secret";
  REQUIRE(files::write_file_atomic(path, "one", 0600).ok());
  REQUIRE(files::write_file_atomic(path, std::string("two\0three", 9), 0600).ok());
  CHECK(*files::read_file(path) == std::string("two\0three", 9));
  struct ::stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  CHECK(files::list_names(dir->path())->size() == 1);
  CHECK(files::write_file_atomic(dir->path() / "no" / "x", "").error().code == "NotFound");
  CHECK(files::read_file(path, 3).error().code == "TooLarge");
}

TEST_CASE("directories") {
  const auto dir = files::TempDir::make();
  const auto deep = dir->path() / "a" / "b" / "c";
  REQUIRE(files::make_dirs(deep).ok());
  REQUIRE(files::make_dirs(deep).ok());
  REQUIRE(files::write_file_atomic(deep / "x", "1").ok());
  CHECK_FALSE(files::make_dirs(deep / "x" / "y").ok());
  CHECK_FALSE(files::make_dirs(deep / "x").ok());
  REQUIRE(files::remove_tree(dir->path() / "a").ok());
  REQUIRE(files::remove_tree(dir->path() / "a").ok());
  CHECK_FALSE(files::exists(deep));
  CHECK(files::remove_file(deep).ok());
  CHECK(*files::free_disk_bytes(dir->path()) > 0);
}

TEST_CASE("a lock excludes another process and dies with its holder") {
  const auto dir = files::TempDir::make();
  const auto path = dir->path() / "LOCK";
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = files::LockFile::acquire(path);
    const char ok = lock.ok() ? '1' : '0';
    if (::write(ready[1], &ok, 1) == 1) ::pause();
    ::_exit(0);
  }
  char ok = '0';
  REQUIRE(::read(ready[0], &ok, 1) == 1);
  CHECK(ok == '1');
  const auto refused = files::LockFile::acquire(path);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "Locked");
  CHECK(refused.error().message.find(std::to_string(child)) != std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  {
    const auto lock = files::LockFile::acquire(path);
    CHECK(lock.ok());
    CHECK_FALSE(files::LockFile::acquire(path).ok());
  }
  CHECK(files::LockFile::acquire(path).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("files written and read in one go") {
  const auto dir = files::TempDir::make();
  const auto path = dir->path() / "long";
  {
    auto file = files::OutputFile::create(path, 0600);
    REQUIRE(file.ok());
    for (int i = 0; i < 1000; ++i) REQUIRE(file->append("0123456789").ok());
    REQUIRE(file->sync().ok());
  }
  CHECK_FALSE(files::OutputFile::create(path).ok());
  auto file = files::InputFile::open(path);
  REQUIRE(file.ok());
  std::string bytes(10'010, '?');
  CHECK(*file->read(bytes.data(), 5) == 5);
  CHECK(bytes.substr(0, 6) == "01234?");
  CHECK(*file->read(bytes.data(), bytes.size()) == 9'995);
  CHECK(*file->read(bytes.data(), 1) == 0);
  CHECK(files::InputFile::open(dir->path() / "no").error().code == "NotFound");
}

TEST_CASE("a directory gets its name at once") {
  const auto dir = files::TempDir::make();
  REQUIRE(files::make_dirs(dir->path() / "new").ok());
  REQUIRE(files::write_file_atomic(dir->path() / "new" / "x", "1").ok());
  REQUIRE(files::rename_synced(dir->path() / "new", dir->path() / "name").ok());
  CHECK(*files::read_file(dir->path() / "name" / "x") == "1");
  CHECK_FALSE(files::exists(dir->path() / "new"));
  CHECK(files::rename_synced(dir->path() / "new", dir->path() / "other").error().code == "NotFound");
}
