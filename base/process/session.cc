#include "base/process/session.h"

#include <unistd.h>

#include <csignal>

#include "base/files/files.h"
#include "base/process/proc_stat.h"

namespace offtake::process {
namespace {

constexpr std::size_t kMaxEnvironment = 4 << 20;

template <class Take>
void each_process(const Take& take) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    take(static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)));
  }
}

}  // namespace

std::vector<Member> members_of_session(pid_t leader) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::vector<Member> out;
  each_process([&](pid_t pid) {
    const auto stat = read_stat(pid);
    if (!stat || stat->session != leader || stat->ended()) return;
    out.push_back({{pid, stat->start, boot_id()}, stat->resident_pages * page});
  });
  return out;
}

std::vector<Identity> started_with(const std::string& name, const std::string& value) {
  const std::string wanted = name + "=" + value;
  std::vector<Identity> out;
  each_process([&](pid_t pid) {
    const auto before = identify(pid);
    if (!before) return;
    const auto text = files::read_file(fmt::format("/proc/{}/environ", pid), kMaxEnvironment);
    if (!text) return;
    const std::string_view all(*text);
    for (std::size_t at = 0; at < all.size();) {
      const auto end = std::min(all.find('\0', at), all.size());
      if (all.substr(at, end - at) == wanted) {
        if (is_alive(*before)) out.push_back(*before);
        return;
      }
      at = end + 1;
    }
  });
  return out;
}

base::Status end_all(const std::function<std::vector<Identity>()>& find, std::chrono::milliseconds grace) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kAfterKill{5000};
  const auto left_of = [](Clock::time_point until) {
    return std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  };
  if (grace.count() > 0) {
    const auto asked = find();
    for (const auto& process : asked) send_signal(process, SIGTERM);
    const auto until = Clock::now() + grace;
    for (const auto& process : asked) wait_gone(process, std::max(left_of(until), {}));
  }
  const auto until = Clock::now() + kAfterKill;
  for (auto there = find(); !there.empty(); there = find()) {
    if (left_of(until).count() <= 0) {
      return base::transient("StillThere",
                             fmt::format("process {} does not end, though it was killed", there.front().pid));
    }
    for (const auto& process : there) send_signal(process, SIGKILL);
    for (const auto& process : there) wait_gone(process, std::max(left_of(until), {}));
  }
  return {};
}

}  // namespace offtake::process
