#include <ctime>

#include "base/http/head_parser.h"
#include "base/http/server_state.h"

namespace offtake::http {
namespace {

using TimePoint = Socket::Clock::time_point;
constexpr std::size_t kMaxChunkLine = 1024;
constexpr std::size_t kMaxTrailer = 8 << 10;
constexpr std::chrono::milliseconds kLinger{1000};
constexpr std::string_view kRetrySeconds = "5";

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

bool is_framing(std::string_view name) {
  Headers one;
  one.add(name, "");
  return one.has("content-length") || one.has("transfer-encoding") || one.has("connection");
}

// A line break in a value would let a handler's data write headers of its own.
std::string one_line(std::string_view value) {
  std::string out(value);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

class ChunkWriter : public StreamWriter {
 public:
  ChunkWriter(Socket& socket, const ServerState& state, bool chunked)
      : socket_(socket), state_(state), chunked_(chunked) {}

  bool write(std::string_view bytes) override {
    if (bytes.empty()) return alive();
    if (failed_ || state_.stopping()) return false;
    const auto silence = state_.options.silence_deadline;
    if (!chunked_) {
      failed_ = !socket_.write(bytes, silence);
    } else {
      const std::string size = fmt::format("{:x}\r\n", bytes.size());
      failed_ = !socket_.write(size, bytes, silence) || !socket_.write("\r\n", silence);
    }
    return !failed_;
  }
  bool alive() override { return !failed_ && !state_.stopping() && socket_.peer_is_there(); }
  std::stop_token stop_token() const override { return state_.stop_token(); }
  bool failed() const { return failed_; }

 private:
  Socket& socket_;
  const ServerState& state_;
  bool chunked_;
  bool failed_ = false;
};

// One request and its response.
class Exchange {
 public:
  Exchange(ServerState& state, Socket& socket, const Request& peer, bool last)
      : state_(state), socket_(socket), keep_alive_(!last) {
    head_.request.remote_address = peer.remote_address;
    head_.request.remote_port = peer.remote_port;
  }

  // True: the connection may carry another request.
  bool run() {
    if (!read_head()) return false;
    Request& request = head_.request;
    const Router::Match match = state_.router.match(request);
    if (auto answer = state_.router.guard(request)) return send(*std::move(answer));
    if (match.route == nullptr) return send(state_.router.answer_unmatched(request, match));
    if (!read_body(match.route->options.max_body_bytes)) return false;
    return send(state_.router.run(*match.route, request));
  }

 private:
  bool read_head() {
    const TimePoint deadline = Socket::Clock::now() + state_.options.head_deadline;
    while (socket_.buffer().starts_with("\r\n")) socket_.consume(2);  // some clients end a body with one more
    std::size_t searched = 0;
    for (;;) {
      const std::string_view buffer = socket_.buffer();
      const auto end = buffer.find("\r\n\r\n", searched > 3 ? searched - 3 : 0);
      if (end != std::string_view::npos && end <= state_.options.max_head_bytes) {
        const auto error = parse_head(buffer.substr(0, end + 4), head_);
        socket_.consume(end + 4);
        if (error.has_value()) return refuse(error->status, "BadRequest", error->message);
        keep_alive_ = keep_alive_ && head_.keep_alive;
        body_unread_ = head_.chunked || head_.content_length > 0;
        return true;
      }
      if (buffer.size() > state_.options.max_head_bytes) {
        return refuse(
            431, "HeadTooLarge",
            fmt::format("the request's head is larger than {} bytes", state_.options.max_head_bytes));
      }
      searched = buffer.size();
      if (socket_.fill(deadline)) continue;
      // A peer that ends between two requests is no error.
      if (!socket_.timed_out() || socket_.buffer().empty()) return false;
      return refuse(408, "RequestTimeout", "the request's head did not arrive in time");
    }
  }

  bool read_body(std::size_t limit) {
    if (!body_unread_) return true;
    if (!head_.chunked && head_.content_length > limit) return too_large(limit);
    if (head_.expects_continue &&
        !socket_.write("HTTP/1.1 100 Continue\r\n\r\n", state_.options.silence_deadline)) {
      return false;
    }
    body_deadline_ = Socket::Clock::now() + state_.options.body_deadline;
    if (head_.chunked) {
      if (!read_chunks(limit)) return false;
    } else if (!take(head_.content_length)) {
      return false;
    }
    body_unread_ = false;
    return true;
  }

  // Moves so many bytes from the socket to the body.
  bool take(std::uint64_t count) {
    std::string& body = head_.request.body;
    if (count <= (1U << 20)) body.reserve(body.size() + count);
    while (count > 0) {
      const std::string_view part = socket_.buffer().substr(0, count);
      body.append(part);
      count -= part.size();
      socket_.consume(part.size());
      if (count > 0 && !fill()) return false;
    }
    return true;
  }

  bool fill() {
    if (socket_.fill(std::min(body_deadline_, Socket::Clock::now() + state_.options.silence_deadline)))
      return true;
    if (!socket_.timed_out()) return false;
    return refuse(408, "RequestTimeout", "the request's body did not arrive in time");
  }

  bool read_chunks(std::size_t limit) {
    for (;;) {
      std::string line;
      if (!read_line(kMaxChunkLine, line)) return false;
      const auto size = parse_chunk_size(line);
      if (!size.has_value()) return refuse(400, "BadRequest", "a chunk has no size");
      if (*size == 0) break;
      if (*size > limit - head_.request.body.size()) return too_large(limit);
      if (!take(*size) || !read_line(2, line)) return false;
      if (!line.empty()) return refuse(400, "BadRequest", "a chunk does not end where it should");
    }
    for (std::size_t size = 0; size <= kMaxTrailer;) {
      std::string line;
      if (!read_line(kMaxTrailer, line)) return false;
      if (line.empty()) return true;
      size += line.size();
    }
    return refuse(431, "HeadTooLarge", "the trailer is too large");
  }

  bool read_line(std::size_t limit, std::string& line) {
    for (;;) {
      const auto end = socket_.buffer().find("\r\n");
      if (end != std::string_view::npos && end <= limit) {
        line = socket_.buffer().substr(0, end);
        socket_.consume(end + 2);
        return true;
      }
      if (socket_.buffer().size() > limit + 1)
        return refuse(400, "BadRequest", "a chunk does not end where it should");
      if (!fill()) return false;
    }
  }

  bool too_large(std::size_t limit) {
    return refuse(413, "RequestTooLarge", fmt::format("the request's body is larger than {} bytes", limit));
  }

  // Always false: the rest of the request is not understood, so the connection ends.
  bool refuse(int status, std::string code, std::string message) {
    keep_alive_ = false;
    body_unread_ = true;
    send(state_.router.refuse(head_.request, status, base::terminal(std::move(code), std::move(message))));
    return false;
  }

  bool send(Response response) {
    const bool streams = static_cast<bool>(response.stream) && head_.request.method != "HEAD";
    const bool has_slot = streams && state_.acquire_stream();
    if (streams && !has_slot) {
      response = state_.router.refuse(
          head_.request, 429,
          base::transient("TooManyStreams", "the server follows as many streams as it can"));
      response.headers.set("Retry-After", kRetrySeconds);
    }
    state_.router.finish(head_.request, response);
    // An unread body would be taken for the next request.
    if (body_unread_ || state_.stopping() || state_.crowded()) keep_alive_ = false;
    bool sent = false;
    try {
      sent = has_slot ? send_stream(response) : send_whole(response);
    } catch (...) {
      if (has_slot) state_.release_stream();
      throw;
    }
    if (has_slot) state_.release_stream();
    if (sent && body_unread_) socket_.finish(kLinger);
    return sent && keep_alive_;
  }

  std::string head_text(const Response& response) const {
    std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, status_text(response.status));
    for (const auto& [name, value] : response.headers.all()) {
      if (!is_framing(name)) out += fmt::format("{}: {}\r\n", one_line(name), one_line(value));
    }
    if (!response.headers.has("date")) out += fmt::format("Date: {}\r\n", http_date());
    if (!keep_alive_) {
      out += "Connection: close\r\n";
    } else if (head_.http_1_0) {
      out += "Connection: keep-alive\r\n";
    }
    return out;
  }

  bool send_whole(const Response& response) {
    std::string out = head_text(response);
    const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
    if (!bodiless) out += fmt::format("Content-Length: {}\r\n", response.body.size());
    out += "\r\n";
    const bool with_body = !bodiless && head_.request.method != "HEAD";
    return socket_.write(out, with_body ? std::string_view(response.body) : std::string_view(),
                         state_.options.silence_deadline);
  }

  bool send_stream(const Response& response) {
    const bool chunked = !head_.http_1_0;
    if (!chunked) keep_alive_ = false;
    std::string out = head_text(response);
    out += chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n";
    if (!socket_.write(out, state_.options.silence_deadline)) return false;
    ChunkWriter writer(socket_, state_, chunked);
    try {
      response.stream(writer);
    } catch (const std::exception& e) {
      // Without the last chunk the peer sees that something is missing.
      (void)base::internal(
          fmt::format("stream of {} {}: {}", head_.request.method, head_.request.route, e.what()));
      return false;
    }
    if (writer.failed()) return false;
    return !chunked || socket_.write("0\r\n\r\n", state_.options.silence_deadline);
  }

  ServerState& state_;
  Socket& socket_;
  Head head_;
  bool keep_alive_;
  bool body_unread_ = false;
  TimePoint body_deadline_;
};

}  // namespace

void serve_connection(ServerState& state, int fd) {
  Socket socket(fd);
  Request peer;
  describe_peer(fd, peer.remote_address, peer.remote_port);
  const auto connection = state.enter(socket);
  const auto leave = [&state](ServerState::Handle* handle) { state.leave(*handle); };
  auto handle = connection;
  const std::unique_ptr<ServerState::Handle, decltype(leave)> guard(&handle, leave);
  const std::size_t most = state.options.max_requests_per_connection;
  for (std::size_t count = 1; count <= most; ++count) {
    state.become_idle(connection);
    const bool more = socket.wait_readable(Socket::Clock::now() + state.options.idle_connection);
    if (!state.become_busy(connection) || !more) return;
    Exchange exchange(state, socket, peer, count == most);
    if (!exchange.run()) return;
  }
}

}  // namespace offtake::http
