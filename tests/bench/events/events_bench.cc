// Records a second over HTTP into the embedded log; see README.md.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/http/client.h"
#include "base/http/server.h"
#include "base/id.h"
#include "base/json/value.h"
#include "operators/sources/embedded/events_body.h"
#include "operators/sources/embedded/events_http.h"
#include "operators/sources/embedded/store.h"

namespace {

using namespace offtake;
using Clock = std::chrono::steady_clock;

constexpr double kRecordsPerSecond = 100'000;  // the bar

struct Settings {
  int seconds = 10, connections = 8, batch = 500, bytes = 200, partitions = 6;
  bool json = false;
};

Settings parse(int argc, char** argv) {
  Settings settings;
  const std::map<std::string_view, int*> numbers = {{"--seconds", &settings.seconds},
                                                    {"--connections", &settings.connections},
                                                    {"--batch", &settings.batch},
                                                    {"--bytes", &settings.bytes},
                                                    {"--partitions", &settings.partitions}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto number = numbers.find(name);
    if (name == "--json") {
      settings.json = true;
    } else if (number != numbers.end() && i + 1 < argc) {
      *number->second = std::atoi(argv[++i]);
    } else {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      std::exit(2);
    }
  }
  return settings;
}

template <class T>
T must(base::Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::exit(1);
}

// One request's body: text that compresses about as real events do, another in each request.
std::string body_of(const Settings& settings) {
  json::Value records = json::Value::array();
  std::string out;
  for (int i = 0; i < settings.batch; ++i) {
    std::string value =
        fmt::format(R"({{"id":"{}","customer":"{}")", base::random_u64(), base::random_u64() % 100'000);
    while (value.size() < static_cast<std::size_t>(settings.bytes))
      value += fmt::format(R"(,"v":{})", base::random_u64() % 1000);
    value.resize(static_cast<std::size_t>(settings.bytes));
    const std::string key = std::to_string(base::random_u64() % 100'000);
    if (settings.json) {
      json::Value record;
      record.set("key", key);
      record.set("value", value);
      records.push_back(std::move(record));
    } else {
      sources::embedded::append_binary_record(out, {key, value, -1, -1});
    }
  }
  if (!settings.json) return out;
  json::Value document;
  document.set("topic", "bench");
  document.set("records", std::move(records));
  return json::dump(document);
}

// The records that a log opened anew gives to a reader.
long count_kept(const sources::embedded::LogOptions& options) {
  std::shared_ptr<sources::embedded::Log> log = must(sources::embedded::Log::open(options));
  const auto store = sources::embedded::make_store(std::move(log));
  sources::OffsetVector from, until;
  for (const auto& [partition, bound] : must(store->bounds("bench"))) {
    from[partition] = bound.earliest;
    until[partition] = bound.last_stable;
  }
  const auto reader = must(store->read("bench", from, until, {}));
  long records = 0;
  while (!reader->finished()) {
    const auto batch = must(reader->poll(std::chrono::milliseconds(1000)));
    if (batch) records += static_cast<long>(batch->records.size());
  }
  return records;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double percentile(std::vector<double>& sorted, double part) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  const auto folder = std::filesystem::current_path() / ("events-bench-" + base::random_id());
  sources::embedded::LogOptions options;
  options.dir = folder.string();
  std::shared_ptr<sources::embedded::Log> log = must(sources::embedded::Log::open(options));
  sources::TopicSpec topic;
  topic.topic = "bench";
  topic.partitions = settings.partitions;
  if (auto created = log->create_topic(topic); !created) return 1;
  http::Router router;
  sources::embedded::add_event_routes(router, log);
  auto server = must(http::Server::start(std::move(router), {}));

  std::vector<std::string> bodies;
  for (int i = 0; i < 16; ++i) bodies.push_back(body_of(settings));
  std::atomic<long> requests = 0, failures = 0;
  std::mutex mutex;
  std::vector<double> latencies_ms;
  const double cpu_before = cpu_seconds();
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::seconds(settings.seconds);
  std::vector<std::thread> threads;
  for (int connection = 0; connection < settings.connections; ++connection) {
    threads.emplace_back([&, connection] {
      http::ClientOptions to_server;
      to_server.base_url = "http://" + server->address();
      const http::Client client(to_server);
      const std::string path = settings.json ? "/offtake/v1/events" : "/offtake/v1/events?topic=bench";
      const std::string_view type = settings.json ? "application/json" : sources::embedded::kRecordsMediaType;
      std::vector<double> mine;
      for (std::size_t i = static_cast<std::size_t>(connection); Clock::now() < end; ++i) {
        const auto sent = Clock::now();
        auto response = client.post(path, bodies[i % bodies.size()], type);
        mine.push_back(std::chrono::duration<double, std::milli>(Clock::now() - sent).count());
        if (response && response->status == 200) {
          ++requests;
        } else {
          ++failures;
        }
      }
      const std::lock_guard lock(mutex);
      latencies_ms.insert(latencies_ms.end(), mine.begin(), mine.end());
    });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const double cpu = cpu_seconds() - cpu_before;

  server->stop();
  server.reset();
  log.reset();
  const long kept = count_kept(options);
  const long acknowledged = requests * settings.batch;
  std::sort(latencies_ms.begin(), latencies_ms.end());
  std::printf(
      "{\"form\":\"%s\",\"connections\":%d,\"batch\":%d,\"bytes\":%d,\"records_per_second\":%.0f,"
      "\"requests_per_second\":%.0f,\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"cpu_seconds\":%.1f,\"seconds\":%.1f,"
      "\"acknowledged\":%ld,\"kept\":%ld,\"failures\":%ld}\n",
      settings.json ? "json" : "binary", settings.connections, settings.batch, settings.bytes,
      static_cast<double>(acknowledged) / seconds, static_cast<double>(requests) / seconds,
      percentile(latencies_ms, 0.5), percentile(latencies_ms, 0.99), cpu, seconds, acknowledged, kept,
      failures.load());
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  if (kept != acknowledged || failures > 0) {
    std::printf("MISSED: not every request was acknowledged and kept\n");
    return 1;
  }
  if (static_cast<double>(acknowledged) / seconds < kRecordsPerSecond) {
    std::printf("MISSED: fewer than %.0f records/s\n", kRecordsPerSecond);
    return 1;
  }
  return 0;
}
