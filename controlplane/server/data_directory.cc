#include "controlplane/server/data_directory.h"

#include <charconv>
#include <chrono>
#include <thread>

#include "base/crypto/crypto.h"
#include "base/id.h"
#include "controlplane/auth/auth.h"

namespace offtake::server {
namespace {

// The layout of this version. An older one would be migrated after a copy; there is none yet.
constexpr int kLayout = 1;

base::Status check_version(const files::Path& path) {
  const files::Path file = path / "VERSION";
  if (!files::exists(file)) return files::write_file_atomic(file, std::to_string(kLayout) + "\n");
  auto text = files::read_file(file);
  if (!text) return std::move(text).error();
  int found = 0;
  std::from_chars(text->data(), text->data() + text->size(), found);
  if (found == kLayout) return {};
  return base::terminal("NewerVersion", fmt::format("{} has layout {}; this program knows layouts up to {}",
                                                    path.string(), found, kLayout))
      .with_hint("run a newer offtake, or give another --data-dir");
}

// The directory itself may be open for passing through, to the account of a server below it: its files are
// not.
base::Status close_files(const files::Path& path) {
  namespace fs = std::filesystem;
  auto names = files::list_names(path);
  if (!names) return std::move(names).error();
  for (const auto& name : *names) {
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(path / name, error))) continue;
    fs::permissions(path / name, fs::perms::group_all | fs::perms::others_all, fs::perm_options::remove,
                    error);
    if (error && error != std::errc::no_such_file_or_directory) {
      return base::terminal("FileError",
                            fmt::format("cannot close {}: {}", (path / name).string(), error.message()));
    }
  }
  return {};
}

// A file's content, made once.
base::Result<std::string> read_or_make(const files::Path& file, const std::string& fresh) {
  if (!files::exists(file)) {
    if (auto written = files::write_file_atomic(file, fresh, 0600); !written)
      return std::move(written).error();
  }
  return files::read_file(file);
}

// A server that was killed may hold it for a moment more: until the kernel has ended it, and a child that it
// was just starting.
base::Result<files::LockFile> acquire_lock(const files::Path& path) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  for (;;) {
    auto lock = files::LockFile::acquire(path);
    if (lock || lock.error().code != "Locked" || std::chrono::steady_clock::now() >= until) return lock;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

base::Result<DataDirectory> open_data_directory(const files::Path& path) {
  if (auto made = files::make_dirs(path, 0700); !made) return std::move(made).error();
  const bool fresh = !files::exists(path / "VERSION");
  auto lock = acquire_lock(path / "LOCK");
  if (!lock) {
    if (lock.error().code != "Locked") return std::move(lock).error();
    return base::terminal("DataDirectoryInUse",
                          fmt::format("another server uses {}: {}", path.string(), lock.error().message))
        .with_hint("stop it, or give another --data-dir");
  }
  if (auto version = check_version(path); !version) return std::move(version).error();
  auto key = read_or_make(path / "secret.key", crypto::base64(crypto::random_bytes(32)));
  if (!key) return std::move(key).error();
  auto secret_key = crypto::base64_decode(*key);
  if (!secret_key || secret_key->size() != 32) {
    return base::terminal("BadSecretKey",
                          fmt::format("{} does not hold a key", (path / "secret.key").string()))
        .with_hint("restore it from your backup: without it no Secret can be read");
  }
  auto token = auth::load_or_make_token(path / "token");
  if (!token) return std::move(token).error();
  auto installation = read_or_make(path / "installation", base::random_uuid());
  if (!installation) return std::move(installation).error();
  for (const char* folder : {"events", "targets", "run", "servers"}) {
    if (auto made = files::make_dirs(path / folder, 0700); !made) return std::move(made).error();
  }
  if (auto closed = close_files(path); !closed) return std::move(closed).error();
  return DataDirectory{
      path, *std::move(lock), *std::move(secret_key), *std::move(token), *std::move(installation), fresh};
}

}  // namespace offtake::server
