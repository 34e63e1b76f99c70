// The servers that Offtake runs on this machine, one for each class that asks for one. Each has a folder
// <directory>/<name>/ with server.json (whose it is, its ports), pid, server.log (rotated), and what its kind
// puts there.
//
// A server outlives a crash of this process: the next one finds it by pid file and start time, and takes it
// over. It is stopped by stop_all (an orderly shutdown) and by remove (its class is gone).
//
// Thread-safe. A thread per server starts it, watches it, and starts it again with growing pauses when it
// dies.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "operators/provision/servers/server_kind.h"

namespace offtake::provision::servers {

// What is wanted of one server.
struct ServerOrder {
  std::string name, uid;        // of the class
  std::int64_t generation = 0;  // of the class; an order older than the last one is not followed
  std::string engine;
  Parameters parameters;
  std::string username, password;
};

struct ServerView {
  // Ok: it answered, and runs. Else why not: ServerStarting, ServerFailed, BinariesMissing, PortTaken,
  // RootRefused, DirectoryClosed, DirectoryTaken, DiskFull …
  base::Status usable;
  int port = 0;  // 0: none yet
  std::int64_t pid = 0;
  int restarts = 0;  // since this process watches it
};

class Supervisor;

class Servers {
 public:
  Servers(files::Path directory, MakeKind make_kind);
  ~Servers();  // leaves the servers as they are: for a later process to adopt

  // Sees to it that a server runs as ordered, from now on; does not wait for it. Errors: Draining,
  // DirectoryTaken, and those of the engine's parameters.
  base::Status keep(const ServerOrder& order);
  // How it is with the server of this class. Code ServerStarting (waiting) where none was ordered yet.
  ServerView look(const std::string& name, const std::string& uid) const;
  // Leaves a note in the server's folder that something in it has to be kept when its class goes.
  base::Status note_retained(const std::string& name, const std::string& what);
  // Stops the server and removes its folder, or moves it aside (<name>.retained-<uid>) where something in it
  // was noted. Gone already: success. Another class's of the same name is left alone.
  base::Status remove(const ServerOrder& order);
  // Stops all of them, side by side; from now on keep() gives Draining.
  void stop_all();

 private:
  const files::Path directory_;
  const MakeKind make_kind_;
  mutable std::mutex mutex_;
  bool draining_ = false;
  std::map<std::string, std::shared_ptr<Supervisor>> supervisors_;
};

}  // namespace offtake::provision::servers
