#include "base/process/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/files/files.h"
#include "base/id.h"

namespace offtake::process {
namespace {

// Below the kernel's range for clients (32768 and up), so that no connection of anybody takes the port while
// its server is down.
constexpr int kFirstPort = 20'000, kPorts = 12'000;

// The inode of the socket that listens on the port of a loopback or any address; 0: not found.
std::uint64_t listener_inode(int port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    auto text = files::read_file(table);
    if (!text) continue;
    std::istringstream lines(*text);
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, skip;
      fields >> slot >> local >> remote >> state;
      const auto colon = local.rfind(':');
      constexpr const char* kListening = "0A";
      if (state != kListening || colon == std::string::npos) continue;
      if (std::strtol(local.c_str() + colon + 1, nullptr, 16) != port) continue;
      std::uint64_t inode = 0;
      for (int field = 4; field < 9; ++field) fields >> skip;
      fields >> inode;
      if (inode != 0) return inode;
    }
  }
  return 0;
}

bool has_socket(const files::Path& process, const std::string& socket) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fd", error)) {
    std::error_code unreadable;
    if (std::filesystem::read_symlink(entry.path(), unreadable) == socket) return true;
  }
  return false;
}

}  // namespace

bool is_port_free(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free =
      ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 1) == 0;
  ::close(fd);
  return free;
}

base::Result<std::vector<int>> free_ports(std::size_t count) {
  std::set<int> found;
  constexpr int kTries = 2'000;
  for (int i = 0; i < kTries && found.size() < count; ++i) {
    const int port = kFirstPort + static_cast<int>(base::random_u64() % kPorts);
    if (is_port_free(port)) found.insert(port);
  }
  if (found.size() == count) return std::vector<int>(found.begin(), found.end());
  return base::transient("PortTaken", fmt::format("no free port was found from {} to {} on 127.0.0.1",
                                                  kFirstPort, kFirstPort + kPorts - 1))
      .with_hint("end what listens there: `ss -ltnp` shows it");
}

std::string holder_of_port(int port) {
  const std::uint64_t inode = listener_inode(port);
  std::error_code error;
  if (inode != 0) {
    const std::string socket = fmt::format("socket:[{}]", inode);
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
      const std::string pid = entry.path().filename().string();
      if (pid.find_first_not_of("0123456789") != std::string::npos || !has_socket(entry.path(), socket))
        continue;
      auto name = files::read_file(entry.path() / "comm", 256);
      std::string text = name ? *std::move(name) : "";
      while (text.ends_with('\n')) text.pop_back();
      return fmt::format("process {} ({})", pid, text);
    }
  }
  return "another process";
}

}  // namespace offtake::process
