// Structured logging: JSON lines on stderr, text when stderr is a terminal. Thread-safe.
// Keys in use: component namespace product revision epoch error request_id; anything else is free.
// Never log a credential or a record's value.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offtake::base {

using LogFields = std::vector<std::pair<std::string, std::string>>;

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  std::string file;                     // empty: stderr
  bool also_stderr = false;             // beside the file
  std::size_t rotate_bytes = 10 << 20;  // for a file
  std::size_t rotate_files = 5;
};

// Call once at start; without it everything from info on goes to stderr.
void configure_log(const LogOptions& options);
void log(LogLevel level, std::string_view message, const LogFields& fields = {});

inline void log_debug(std::string_view message, const LogFields& fields = {}) {
  log(LogLevel::kDebug, message, fields);
}
inline void log_info(std::string_view message, const LogFields& fields = {}) {
  log(LogLevel::kInfo, message, fields);
}
inline void log_warn(std::string_view message, const LogFields& fields = {}) {
  log(LogLevel::kWarn, message, fields);
}
inline void log_error(std::string_view message, const LogFields& fields = {}) {
  log(LogLevel::kError, message, fields);
}

// Fields that every line of the current thread carries until the scope ends (a worker thread's product
// and revision). `sink`, if set, gets each line as well: how an in-process worker keeps its own log.
class LogScope {
 public:
  using Sink = void (*)(void* context, std::string_view json_line);
  explicit LogScope(LogFields fields, Sink sink = nullptr, void* context = nullptr);
  // In a thread that works for another one: its lines carry what those of `outer` (current() of that other
  // thread) carry, and reach the same sinks. REQUIRES: `outer` outlives this.
  explicit LogScope(LogScope* outer);
  static LogScope* current();  // the innermost of the calling thread; null: none
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

 private:
  LogScope* const outer_;
  LogScope* const before_;  // of this thread
  LogFields fields_;
  Sink sink_ = nullptr;
  void* context_ = nullptr;
  friend void log(LogLevel, std::string_view, const LogFields&);
};

}  // namespace offtake::base
