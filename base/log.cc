#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "base/clock.h"

namespace offtake::base {
namespace {

struct State {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger;  // guarded by mutex
  bool text = false;                       // guarded by mutex
  std::atomic<LogLevel> level{LogLevel::kInfo};
};

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("offtake", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

// Never destroyed: threads may log while the program ends.
State& state() {
  static State* const kState = [] {
    auto* made = new State;
    made->logger = make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->text = isatty(STDERR_FILENO) == 1;
    return made;
  }();
  return *kState;
}

thread_local LogScope* current_scope = nullptr;

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      break;
  }
  return "error";
}

// base/json stands on base, so the few rules of a JSON string are repeated here.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// The keys that readers look for come first, in this order.
constexpr std::array<std::string_view, 7> kFirstKeys{"component", "namespace", "product",   "revision",
                                                     "epoch",     "error",     "request_id"};

void set_field(LogFields& fields, const std::pair<std::string, std::string>& field) {
  for (auto& known : fields) {
    if (known.first == field.first) {
      known.second = field.second;
      return;
    }
  }
  fields.push_back(field);
}

void sort_fields(LogFields& fields) {
  const auto rank = [](const auto& field) {
    return std::find(kFirstKeys.begin(), kFirstKeys.end(), field.first) - kFirstKeys.begin();
  };
  std::stable_sort(fields.begin(), fields.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

std::string json_line(std::string_view instant, LogLevel level, std::string_view message,
                      const LogFields& fields) {
  std::string out = fmt::format(R"({{"ts":"{}","level":"{}","msg":)", instant, level_name(level));
  append_quoted(out, message);
  for (const auto& [key, value] : fields) {
    out += ',';
    append_quoted(out, key);
    out += ':';
    append_quoted(out, value);
  }
  out += '}';
  return out;
}

std::string text_line(std::string_view instant, LogLevel level, std::string_view message,
                      const LogFields& fields) {
  std::string out = fmt::format("{} {:5} {}", instant, level_name(level), message);
  for (const auto& [key, value] : fields) {
    out += fmt::format("  {}=", key);
    if (value.find_first_of(" \"\n\t") == std::string::npos && !value.empty()) {
      out += value;
    } else {
      append_quoted(out, value);
    }
  }
  return out;
}

}  // namespace

void configure_log(const LogOptions& options) {
  State& log_state = state();
  std::string failure;
  std::shared_ptr<spdlog::logger> logger;
  if (!options.file.empty()) {
    try {
      // rotate_files counts the files in all; spdlog counts the old ones.
      const std::size_t old_files = options.rotate_files > 0 ? options.rotate_files - 1 : 0;
      logger = make_logger(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file, options.rotate_bytes, old_files));
      if (options.also_stderr) {
        logger->sinks().push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
        logger->sinks().back()->set_pattern("%v");
      }
    } catch (const std::exception& e) {
      failure = e.what();
    }
  }
  {
    const std::lock_guard lock(log_state.mutex);
    log_state.text = logger == nullptr && isatty(STDERR_FILENO) == 1;
    log_state.logger =
        logger != nullptr ? logger : make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  }
  log_state.level.store(options.level, std::memory_order_relaxed);
  if (!failure.empty()) {
    log_error("the log file cannot be used, the log goes to stderr",
              {{"file", options.file}, {"error", failure}});
  }
}

void log(LogLevel level, std::string_view message, const LogFields& fields) {
  State& log_state = state();
  if (level < log_state.level.load(std::memory_order_relaxed)) return;
  LogFields all;
  std::vector<const LogScope*> scopes;
  for (const LogScope* scope = current_scope; scope != nullptr; scope = scope->outer_) {
    scopes.push_back(scope);
  }
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    for (const auto& field : (*scope)->fields_) set_field(all, field);
  }
  for (const auto& field : fields) set_field(all, field);
  sort_fields(all);

  const std::string instant = format_instant(system_clock().now() / 1000 * 1000);
  const std::string json = json_line(instant, level, message, all);
  for (const LogScope* scope : scopes) {
    if (scope->sink_ != nullptr) scope->sink_(scope->context_, json);
  }
  std::shared_ptr<spdlog::logger> logger;
  bool text = false;
  {
    const std::lock_guard lock(log_state.mutex);
    logger = log_state.logger;
    text = log_state.text;
  }
  const std::string line = text ? text_line(instant, level, message, all) : json;
  // The message is data, never a format: spdlog's plain overload takes it as it is.
  logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

LogScope::LogScope(LogFields fields, Sink sink, void* context)
    : outer_(current_scope),
      before_(current_scope),
      fields_(std::move(fields)),
      sink_(sink),
      context_(context) {
  current_scope = this;
}

LogScope::LogScope(LogScope* outer) : outer_(outer), before_(current_scope) {
  current_scope = this;
}

LogScope* LogScope::current() {
  return current_scope;
}

LogScope::~LogScope() {
  current_scope = before_;
}

}  // namespace offtake::base
