#include "controlplane/auth/hosts.h"

#include <arpa/inet.h>

#include "base/http/message.h"

namespace offtake::auth {
namespace {

// "127.0.0.1:7070" -> "127.0.0.1", "[::1]:7070" -> "::1", "Data.Example.:80" -> "data.example".
std::string name_of(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? "" : std::string(host.substr(1, end - 1));
  }
  std::string out(host.substr(0, host.find(':')));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (out.ends_with('.')) out.pop_back();
  return out;
}

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
}

}  // namespace

Hosts::Hosts(std::string_view listen, std::vector<std::string> others)
    : loopback_(listen == "localhost" || http::is_loopback_address(listen)), names_{"localhost"} {
  const bool v6 = listen.find(':') != std::string_view::npos;
  if (!loopback_ && !v6) names_.push_back(name_of(listen));
  for (const std::string& other : others) names_.push_back(name_of(other));
}

bool Hosts::knows(std::string_view host) const {
  const std::string name = name_of(host);
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) return true;
  return loopback_ ? http::is_loopback_address(name) : is_address(name);
}

}  // namespace offtake::auth
