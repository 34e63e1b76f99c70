// One server, watched by a thread of its own. Internal to this folder; see servers.h.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "operators/provision/servers/servers.h"
#include "operators/provision/servers/site.h"

namespace offtake::provision::servers {

class Supervisor {
 public:
  Supervisor(files::Path directory, MakeKind make_kind, ServerOrder order);
  ~Supervisor();  // ends the watching; the server goes on

  void start_watching();
  void follow(const ServerOrder& order);
  ServerOrder wanted() const;
  ServerView view() const;
  // Ends the watching, then the server: asked, and killed after its kind's patience.
  base::Status stop();

 private:
  using Clock = std::chrono::steady_clock;
  using Pause = std::chrono::milliseconds;

  void run(std::stop_token stop);
  // The next step towards a server that runs as ordered; how long to wait before the one after it.
  Pause step(const ServerOrder& order, std::stop_token stop);
  Pause watch(std::stop_token stop);
  void note_end();
  base::Status start(const ServerOrder& order, std::stop_token stop);
  base::Status choose_ports(SiteRecord& record);
  base::Status launch();
  base::Status run_to_end(const process::Command& command, const files::Path& input, std::stop_token stop);
  // The kind for this order, the site as it is noted, and the server that an earlier process left running.
  base::Status open(const ServerOrder& order);
  base::Status end_server();
  void say(base::Status usable);
  void wait(Pause pause, std::stop_token stop);
  files::Path pid_file() const { return directory_ / "pid"; }
  files::Path log_file() const { return directory_ / "server.log"; }

  const files::Path directory_;
  const MakeKind make_kind_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  ServerOrder wanted_;  // guarded by mutex_, as view_
  ServerView view_;
  bool order_is_new_ = false;

  std::mutex stopping_;  // one stop() at a time

  // The watching thread's, and stop()'s after its end.
  std::unique_ptr<ServerKind> kind_;
  std::string form_;  // of kind_
  Site site_;
  std::optional<process::Identity> process_;
  std::string running_form_;  // what process_ was started with
  bool answered_ = false;
  std::uint64_t log_start_ = 0;
  int failures_ = 0;  // in a row
  Clock::time_point started_{}, next_start_{};
  std::jthread thread_;
};

}  // namespace offtake::provision::servers
