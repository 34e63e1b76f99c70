#include "base/metrics/metrics.h"

#include <doctest/doctest.h>

#include <thread>

#include "base/retry.h"

using namespace offtake;
using metrics::Labels;
using metrics::Registry;

TEST_CASE("the text") {
  Registry registry;
  Labels orders{"shop", "or\"ders\\\n", "3", "", ""};
  registry.counter("offtake_rows_total", "Rows written.", orders).add(2);
  registry.counter("offtake_rows_total", "Rows written.", orders).add(0.5);
  registry.counter("offtake_rows_total", "Rows written.").add(1e15);
  registry.gauge("offtake_lag_ms", "Lag\nof it.", {"", "", "", "t", "0"}).set(-1.5);
  auto& histogram = registry.histogram("offtake_commit_seconds", "Commits.", {0.1, 1});
  for (const double value : {0.05, 0.1, 0.5, 3.0}) histogram.observe(value);
  registry.gauge("offtake_a", "Gone.").set(1);
  CHECK(registry.text() ==
        "# HELP offtake_a Gone.\n"
        "# TYPE offtake_a gauge\n"
        "offtake_a 1\n"
        "# HELP offtake_commit_seconds Commits.\n"
        "# TYPE offtake_commit_seconds histogram\n"
        "offtake_commit_seconds_bucket{le=\"0.1\"} 2\n"
        "offtake_commit_seconds_bucket{le=\"1\"} 3\n"
        "offtake_commit_seconds_bucket{le=\"+Inf\"} 4\n"
        "offtake_commit_seconds_sum 3.65\n"
        "offtake_commit_seconds_count 4\n"
        "# HELP offtake_lag_ms Lag\\nof it.\n"
        "# TYPE offtake_lag_ms gauge\n"
        "offtake_lag_ms{topic=\"t\",partition=\"0\"} -1.5\n"
        "# HELP offtake_rows_total Rows written.\n"
        "# TYPE offtake_rows_total counter\n"
        "offtake_rows_total 1e+15\n"
        "offtake_rows_total{namespace=\"shop\",product=\"or\\\"ders\\\\\\n\",revision=\"3\"} 2.5\n");
}

TEST_CASE("callback gauges and removal") {
  Registry registry;
  double value = 1;
  {
    auto handle = registry.callback_gauge("offtake_x", "X.", {"n", "p", "1", "", ""}, [&] { return value; });
    value = 7;
    CHECK(registry.text().find("offtake_x{namespace=\"n\",product=\"p\",revision=\"1\"} 7\n") !=
          std::string::npos);
    const auto moved = std::move(handle);
    CHECK(registry.text().find("} 7\n") != std::string::npos);
  }
  CHECK(registry.text().empty());
  registry.gauge("offtake_y", "Y.", {"n", "p", "1", "", ""}).set(1);
  registry.gauge("offtake_y", "Y.", {"n", "p", "2", "", ""}).set(2);
  registry.remove("n", "p", "1");
  CHECK(registry.text().find("revision=\"1\"") == std::string::npos);
  CHECK(registry.text().find("revision=\"2\"") != std::string::npos);
  registry.remove("n", "p");
  CHECK(registry.text().empty());
}

TEST_CASE("many threads lose nothing") {
  Registry registry;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10000; ++i) {
          registry.counter("offtake_c_total", "C.").add();
          registry.histogram("offtake_h", "H.", {1, 2}).observe(1.5);
        }
      });
    }
  }
  CHECK(registry.counter("offtake_c_total", "C.").value() == 40000);
  CHECK(registry.histogram("offtake_h", "H.", {1, 2}).count() == 40000);
  CHECK(registry.histogram("offtake_h", "H.", {1, 2}).quantile(0.5) == doctest::Approx(1.5));
}

TEST_CASE("backoff grows to its cap and spreads") {
  using std::chrono::milliseconds;
  const base::Backoff backoff{milliseconds(100), milliseconds(1000), 2.0};
  constexpr std::uint64_t kMost = ~0ULL;
  CHECK(base::backoff_delay(backoff, 1, 0) == milliseconds(50));
  CHECK(base::backoff_delay(backoff, 1, kMost) == milliseconds(100));
  CHECK(base::backoff_delay(backoff, 3, 0) == milliseconds(200));
  CHECK(base::backoff_delay(backoff, 5, 0) == milliseconds(500));
  CHECK(base::backoff_delay(backoff, 1'000'000'000, kMost) == milliseconds(1000));
  CHECK(base::backoff_delay(backoff, 0, 0) == milliseconds(50));
}
