#include "base/http/server_state.h"

#include <pthread.h>
#include <unistd.h>

#include "base/log.h"

namespace offtake::http {
namespace {

constexpr std::chrono::milliseconds kRoomWait{500};
constexpr std::chrono::seconds kNoRoom{1};

}  // namespace

ServerState::Handle ServerState::enter(Socket& socket) {
  const std::lock_guard lock(mutex_);
  return connections_.insert(connections_.end(), {&socket, false, false, Socket::Clock::now()});
}

void ServerState::leave(Handle connection) {
  const std::lock_guard lock(mutex_);
  if (connection->cut) --cut_;
  connections_.erase(connection);
  changed_.notify_all();
}

void ServerState::become_idle(Handle connection) {
  const std::lock_guard lock(mutex_);
  connection->idle = true;
  connection->idle_since = Socket::Clock::now();
  if (stopping()) connection->socket->shut_down();
  if (waits_for_room_) changed_.notify_all();
}

bool ServerState::become_busy(Handle connection) {
  const std::lock_guard lock(mutex_);
  connection->idle = false;
  return !connection->cut && !stopping();
}

bool ServerState::acquire_stream() {
  const std::lock_guard lock(mutex_);
  if (streams_ >= std::min(options.max_streams, options.max_connections - reserved())) return false;
  ++streams_;
  return true;
}

void ServerState::release_stream() {
  const std::lock_guard lock(mutex_);
  --streams_;
}

bool ServerState::crowded() const {
  const std::lock_guard lock(mutex_);
  return present() + reserved() > options.max_connections;
}

void ServerState::cut_longest_idle() {
  auto longest = connections_.end();
  for (auto it = connections_.begin(); it != connections_.end(); ++it) {
    if (!it->idle || it->cut) continue;
    if (longest == connections_.end() || it->idle_since < longest->idle_since) longest = it;
  }
  if (longest == connections_.end()) return;
  longest->cut = true;
  ++cut_;
  longest->socket->shut_down();
}

bool ServerState::make_room(std::unique_lock<std::mutex>& lock) {
  if (present() + reserved() >= options.max_connections) cut_longest_idle();
  const auto has_room = [&] {
    if (stopping()) return true;
    if (present() >= options.max_connections) cut_longest_idle();
    return present() < options.max_connections;
  };
  if (!has_room()) {
    // Whose answer is sent may be a moment from idle. Where that was waited for in vain, the next ones are
    // told at once.
    const auto now = Socket::Clock::now();
    if (now < no_room_until_) return false;
    waits_for_room_ = true;
    const bool came = changed_.wait_until(lock, now + kRoomWait, has_room);
    waits_for_room_ = false;
    if (!came) no_room_until_ = Socket::Clock::now() + kNoRoom;
  }
  return !stopping() && present() < options.max_connections;
}

bool ServerState::hand_over(const std::shared_ptr<ServerState>& state, int fd) {
  std::unique_lock lock(state->mutex_);
  if (!state->make_room(lock)) return false;
  state->accepted_.push_back(fd);
  if (state->idle_threads_ >= state->accepted_.size()) {
    state->work_.notify_one();
    return true;
  }
  if (start_thread(state)) return true;
  if (state->threads_ > 0) return true;  // one of them will come to it
  state->accepted_.pop_back();
  return false;
}

bool ServerState::start_thread(const std::shared_ptr<ServerState>& state) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, state->options.stack_bytes);
  // The thread shares the state, so that its last steps cannot outlive it.
  auto shared = std::make_unique<std::shared_ptr<ServerState>>(state);
  pthread_t thread{};
  const int error = pthread_create(
      &thread, &attributes,
      [](void* argument) -> void* {
        const std::unique_ptr<std::shared_ptr<ServerState>> own(
            static_cast<std::shared_ptr<ServerState>*>(argument));
        (*own)->run_thread();
        return nullptr;
      },
      shared.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) return false;
  (void)shared.release();  // the thread has it
  ++state->threads_;
  return true;
}

void ServerState::run_thread() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_threads_;
    work_.wait_for(lock, options.idle_thread, [&] { return !accepted_.empty() || stopping(); });
    --idle_threads_;
    if (accepted_.empty()) break;
    const int fd = accepted_.front();
    accepted_.pop_front();
    lock.unlock();
    try {
      serve_connection(*this, fd);
    } catch (const std::exception& e) {
      (void)base::internal(fmt::format("a connection ended: {}", e.what()));
    }
    lock.lock();
  }
  --threads_;
  changed_.notify_all();
}

void ServerState::stop() {
  // Outside of the lock: it runs the callbacks of those who wait for the token.
  stop_source_.request_stop();
  std::unique_lock lock(mutex_);
  for (const int fd : accepted_) ::close(fd);
  accepted_.clear();
  for (Connection& connection : connections_) {
    if (connection.idle) connection.socket->shut_down();
  }
  work_.notify_all();
  const auto ended = [&] { return connections_.empty() && threads_ == 0; };
  if (!changed_.wait_for(lock, options.stop_grace, ended)) {
    for (Connection& connection : connections_) connection.socket->shut_down();
    changed_.wait(lock, ended);
  }
  // The last steps of a thread may still hold this state; what the handlers hold goes now.
  router = Router();
}

Server::Load ServerState::load() const {
  const std::lock_guard lock(mutex_);
  return {connections_.size() + accepted_.size(), streams_, threads_};
}

}  // namespace offtake::http
