// A folder for servers that their accounts may reach, and waiting for what they say.
#pragma once
#include <functional>
#include <string>

#include "base/files/files.h"
#include "operators/provision/server_engines.h"
#include "operators/provision/servers/servers.h"

namespace offtake::provision_test {

namespace servers = provision::servers;

class Place {
 public:
  Place();
  const files::Path& path() const { return directory_.path(); }
  files::Path servers() const { return path() / "data" / "servers"; }

 private:
  files::TempDir directory_;
};

servers::ServerOrder postgres_order(const std::string& name = "pg", const std::string& uid = "class-1");
// Polls; fails the test, saying what was seen last, after two minutes.
servers::ServerView wait_usable(const servers::Servers& servers, const servers::ServerOrder& order);
servers::ServerView wait_code(const servers::Servers& servers, const servers::ServerOrder& order,
                              const std::string& code);
void eventually(const std::function<bool()>& condition, const std::string& what);

// Stops what it runs at its end, so that a failed test leaves nothing.
class Running {
 public:
  explicit Running(const Place& place, servers::MakeKind make_kind = provision::make_server_kind);
  ~Running();
  servers::Servers& operator*() { return *servers_; }
  servers::Servers* operator->() { return servers_.get(); }
  std::shared_ptr<servers::Servers> shared() { return servers_; }
  // As a crash of the process would: the servers go on, and another one takes them over.
  void forget_and_begin_anew();

 private:
  files::Path directory_;
  servers::MakeKind make_kind_;
  std::shared_ptr<servers::Servers> servers_;
};

}  // namespace offtake::provision_test
