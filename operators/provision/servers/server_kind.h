// What is particular to one kind of server that Offtake runs on this machine: how it is found, made ready,
// started, asked and stopped. Everything else (ports, users, watching, restarts, adoption) is the
// supervisor's, the same for all.
//
// Threads: one thread calls a ServerKind. Errors are a condition's code and sentence.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files/files.h"
#include "base/process/process.h"
#include "operators/provision/parameters/parameters.h"

namespace offtake::provision::servers {

// One server's place on this machine.
struct Site {
  std::string name;                // the class's
  std::string uid;                 // the class's: tells this server from any other that answers at its port
  files::Path directory;           // <data directory>/servers/<name>; the supervisor's own files are in it
  std::vector<int> ports;          // on 127.0.0.1; the first is where clients come
  std::string username, password;  // of the account that provisions in it
  std::optional<process::User> run_as;  // absent: as this process

  int port() const { return ports.empty() ? 0 : ports.front(); }
  files::Path data() const { return directory / "data"; }
};

// Runs a program to its end as the server's user, with the file as its input (empty: none); an error has the
// last lines that it wrote.
using RunToEnd = std::function<base::Status(const process::Command&, const files::Path& input)>;
// Whether the server's user may pass all directories down to `path`. Code DirectoryClosed names the first one
// that is closed to it, and `what` the path is.
base::Status check_way(const Site& site, const files::Path& path, std::string_view what);
// A directory in the site that is the server's user's alone.
base::Status make_own_directory(const Site& site, const files::Path& path);
// A file that the server's user may read, and only it (mode 600).
base::Status write_own_file(const Site& site, const files::Path& path, const std::string& content);

class ServerKind {
 public:
  virtual ~ServerKind() = default;
  virtual std::string title() const = 0;  // "PostgreSQL", for sentences
  virtual std::size_t ports() const { return 1; }
  virtual bool refuses_root() const { return true; }
  // Whom it runs as where this process is root and no parameter says it: the first account that exists.
  virtual std::vector<std::string> usual_users() const = 0;
  // Looks for the programs anew. Code BinariesMissing: which package, and where was looked.
  virtual base::Status find(const Site& site) = 0;
  // Brings the site's directories and settings to what the server needs. Idempotent, and after a crash in the
  // middle of it begins again. REQUIRES: find() succeeded; the server does not run.
  virtual base::Status prepare(const Site& site, const RunToEnd& run) = 0;
  virtual process::Command command(const Site& site) = 0;
  // Whether it serves: really asks it, for at most about two seconds.
  virtual base::Status ask(const Site& site) = 0;
  virtual int stop_signal() const = 0;
  // After this long it is killed.
  virtual std::chrono::milliseconds stop_patience() const { return std::chrono::seconds(10); }
};

using MakeKind =
    std::function<base::Result<std::unique_ptr<ServerKind>>(const std::string& engine, const Parameters&)>;

}  // namespace offtake::provision::servers
