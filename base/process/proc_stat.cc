#include "base/process/proc_stat.h"

#include <sstream>

#include "base/files/files.h"

namespace offtake::process {

std::optional<ProcStat> read_stat(pid_t pid) {
  const auto text = files::read_file(fmt::format("/proc/{}/stat", pid), 16 << 10);
  if (!text.ok()) return std::nullopt;
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const auto name_end = text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text->substr(name_end + 1));
  ProcStat stat;
  fields >> stat.state;  // field 3
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  for (int field = 4; field <= 24; ++field) {
    // Some of them are negative numbers; those that count here are not.
    std::string value;
    if (!(fields >> value)) return std::nullopt;
    if (field != 6 && field != 14 && field != 15 && field != 20 && field != 22 && field != 24) continue;
    const std::uint64_t number = std::strtoull(value.c_str(), nullptr, 10);
    if (field == 6) stat.session = static_cast<pid_t>(number);
    if (field == 14) user = number;
    if (field == 15) system = number;
    if (field == 20) stat.threads = number;
    if (field == 22) stat.start = number;
    if (field == 24) stat.resident_pages = number;
  }
  stat.cpu_ticks = user + system;
  return stat;
}

const std::string& boot_id() {
  static const std::string kId = [] {
    auto text = files::read_file("/proc/sys/kernel/random/boot_id", 100);
    std::string id = text.ok() ? *std::move(text) : "";
    while (id.ends_with('\n')) id.pop_back();
    return id;
  }();
  return kId;
}

}  // namespace offtake::process
