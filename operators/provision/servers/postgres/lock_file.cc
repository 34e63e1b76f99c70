#include "operators/provision/servers/postgres/lock_file.h"

#include <charconv>
#include <csignal>

#include "base/log.h"
#include "base/process/process.h"

namespace offtake::provision::servers::postgres {
namespace {

// Above any that Linux gives (pid_max is at most 2^22).
constexpr const char* kNobody = "1073741824";

bool is_postgres(pid_t pid) {
  auto name = files::read_file(fmt::format("/proc/{}/comm", pid), 256);
  return name && (*name == "postgres\n" || *name == "postmaster\n");
}

}  // namespace

base::Status release_stale_lock(const Site& site) {
  const files::Path file = site.data() / "postmaster.pid";
  auto text = files::read_file(file, 64 << 10);
  if (!text) return text.error().code == "NotFound" ? base::Status() : base::Status(text.error());
  const auto line = text->find('\n');
  if (line == std::string::npos) return {};
  pid_t pid = 0;
  std::from_chars(text->data(), text->data() + line, pid);
  if (pid <= 0 || ::kill(pid, 0) != 0) return {};  // PostgreSQL sees by itself that it is gone
  if (process::identify(pid) && is_postgres(pid)) return {};
  base::log_warn("a stale lock of the database server is released", {{"pid", std::to_string(pid)}});
  return write_own_file(site, file, kNobody + text->substr(line));
}

}  // namespace offtake::provision::servers::postgres
