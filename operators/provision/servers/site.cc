#include "operators/provision/servers/site.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace offtake::provision::servers {
namespace {

base::Error system_error(std::string_view what, const files::Path& path) {
  return base::terminal("FileError",
                        fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

bool may_pass(const struct stat& info, const process::User& user) {
  if (user.uid == 0) return true;
  if (info.st_uid == user.uid) return (info.st_mode & S_IXUSR) != 0;
  if (info.st_gid == user.gid) return (info.st_mode & S_IXGRP) != 0;
  return (info.st_mode & S_IXOTH) != 0;
}

// Lets everybody pass, who knows the names of what is in it; nobody can list it.
base::Status let_pass(const files::Path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error("look at", path);
  const mode_t wanted = info.st_mode | S_IXGRP | S_IXOTH;
  if (wanted == info.st_mode || info.st_uid != ::geteuid()) return {};
  if (::chmod(path.c_str(), wanted & 07777) != 0) return system_error("change the mode of", path);
  return {};
}

base::Status give(const Site& site, const files::Path& path) {
  if (!site.run_as) return {};
  if (::chown(path.c_str(), site.run_as->uid, site.run_as->gid) != 0) {
    return system_error("give to the server's user the file", path);
  }
  return {};
}

}  // namespace

base::Status make_own_directory(const Site& site, const files::Path& path) {
  if (auto made = files::make_dirs(path, 0700); !made) return made;
  return give(site, path);
}

base::Status write_own_file(const Site& site, const files::Path& path, const std::string& content) {
  if (auto written = files::write_file_atomic(path, content, 0600); !written) return written;
  return give(site, path);
}

base::Result<std::optional<process::User>> choose_user(const ServerKind& kind, const std::string& run_as) {
  const bool root = ::geteuid() == 0;
  if (!run_as.empty()) {
    auto user = process::find_user(run_as);
    if (!user) {
      return base::terminal("UserMissing", fmt::format("there is no account '{}' on this machine", run_as))
          .with_hint("make it (useradd --system), or name another in parameters.runAs");
    }
    if (user->uid == 0 && kind.refuses_root()) {
      return base::terminal("RootRefused", fmt::format("{} refuses to run as root", kind.title()))
          .with_hint("name an ordinary account in parameters.runAs");
    }
    if (user->uid == ::geteuid()) return std::optional<process::User>();
    if (root) return std::optional<process::User>(std::move(user));
    return base::terminal("RunAsDenied",
                          fmt::format("only root may start a server as {}; `offtake serve` runs as {}",
                                      run_as, process::own_user().name))
        .with_hint("leave parameters.runAs out, or run `offtake serve` as that account");
  }
  if (!root || !kind.refuses_root()) return std::optional<process::User>();
  const auto usual = kind.usual_users();
  for (const auto& name : usual) {
    if (auto user = process::find_user(name); user && user->uid != 0)
      return std::optional<process::User>(std::move(user));
  }
  return base::terminal(
             "RootRefused",
             fmt::format("{} refuses to run as root, `offtake serve` runs as root, and there is no "
                         "account {} on this machine",
                         kind.title(), fmt::join(usual, " or ")))
      .with_hint("name an ordinary account in parameters.runAs, or run `offtake serve` as one");
}

base::Status check_way(const Site& site, const files::Path& path, std::string_view what) {
  if (!site.run_as) return {};
  std::error_code error;
  const files::Path whole = std::filesystem::weakly_canonical(path, error);
  files::Path so_far;
  for (const auto& part : whole) {
    so_far /= part;
    struct stat info {};
    if (::stat(so_far.c_str(), &info) != 0) return system_error("look at", so_far);
    if (!S_ISDIR(info.st_mode) || may_pass(info, *site.run_as)) continue;
    return base::terminal(
               "DirectoryClosed",
               fmt::format("the server's account {} may not pass {} (mode {:o}), on the way to {} {}",
                           site.run_as->name, so_far.string(), info.st_mode & 07777, what, whole.string()))
        .with_hint(
            "move it to where this account may reach it, or open the directory for passing (chmod o+x)");
  }
  return {};
}

base::Status open_directory(const Site& site) {
  const files::Path servers = site.directory.parent_path();
  if (auto made = files::make_dirs(servers, 0700); !made) return made;
  if (auto made = files::make_dirs(site.directory, 0700); !made) return made;
  if (!site.run_as) return {};
  for (const auto& path : {servers.parent_path(), servers, site.directory}) {
    if (auto done = let_pass(path); !done) return done;
  }
  auto passes = check_way(site, site.directory, "its data directory");
  if (passes) return {};
  base::Error error = passes.error();
  error.hint =
      "start `offtake serve` with a --data-dir that this account may reach, such as /var/lib/offtake";
  return error;
}

}  // namespace offtake::provision::servers
