// What the accepting thread and the connections' threads of one server share. Internal to base/http.
#pragma once
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <stop_token>

#include "base/http/server.h"
#include "base/http/socket.h"

namespace offtake::http {

class ServerState {
 public:
  struct Connection {
    Socket* socket = nullptr;
    bool idle = true;  // between two requests
    bool cut = false;  // closed by this server while idle
    Socket::Clock::time_point idle_since;
  };
  using Handle = std::list<Connection>::iterator;

  ServerState(Router own_router, const ServerOptions& own_options)
      : router(std::move(own_router)), options(own_options) {}

  Router router;  // emptied by stop(), constant until then
  const ServerOptions options;

  // For the thread of a connection.
  Handle enter(Socket& socket);
  void leave(Handle connection);
  void become_idle(Handle connection);
  bool become_busy(Handle connection);  // false: the connection is to end
  bool acquire_stream();                // false: too many
  void release_stream();
  bool stopping() const { return stop_source_.stop_requested(); }
  bool crowded() const;  // connections should end after their response
  std::stop_token stop_token() const { return stop_source_.get_token(); }

  // For the accepting thread. `state` is what the new thread shares. False: the server is full.
  static bool hand_over(const std::shared_ptr<ServerState>& state, int fd);
  // Ends everything, as Server::stop promises.
  void stop();
  Server::Load load() const;

 private:
  static bool start_thread(const std::shared_ptr<ServerState>& state);
  void run_thread();
  void cut_longest_idle();
  // For one more connection; false: there is none.
  bool make_room(std::unique_lock<std::mutex>& lock);
  // Those that count: a connection that was cut is only waiting for its thread to see that.
  std::size_t present() const { return connections_.size() - cut_ + accepted_.size(); }
  std::size_t reserved() const { return std::min(options.reserved_connections, options.max_connections / 4); }

  mutable std::mutex mutex_;
  std::condition_variable work_;     // for idle threads
  std::condition_variable changed_;  // for stop, and for who waits for room
  std::deque<int> accepted_;         // connections without a thread yet
  std::list<Connection> connections_;
  std::size_t cut_ = 0;  // of connections_
  std::size_t threads_ = 0;
  std::size_t idle_threads_ = 0;
  std::size_t streams_ = 0;
  bool waits_for_room_ = false;
  Socket::Clock::time_point no_room_until_{};
  std::stop_source stop_source_;
};

// Answers requests until the connection ends; takes the descriptor.
void serve_connection(ServerState& state, int fd);

}  // namespace offtake::http
