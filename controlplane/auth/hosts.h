// Which names in a Host header are this server: a page of somebody else whose name was made to resolve to
// this machine (DNS rebinding) shows itself by that name. Immutable; any thread.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace offtake::auth {

class Hosts {
 public:
  // `listen`: what the server is bound to. `others`: names that a proxy or a name server of one's own gives
  // it.
  explicit Hosts(std::string_view listen, std::vector<std::string> others = {});

  // Of a Host header, with or without a port. On loopback: localhost and loopback addresses. Beyond it: every
  // address written as a number (which no name server can redirect), localhost, and the name it listens by.
  bool knows(std::string_view host) const;
  bool loopback() const { return loopback_; }  // bound to loopback alone

 private:
  bool loopback_;
  std::vector<std::string> names_;
};

}  // namespace offtake::auth
