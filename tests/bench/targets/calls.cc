// Calls of a warm local function. Closed: as many as it takes, so many in flight. Open: 5,000 a second by the
// clock, as events come; each send() takes what is due by then, and a call's overhead is from when it was due
// until its outcome, since the function itself does nothing.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "operators/targets/function/function_sender.h"
#include "tests/bench/support/measure.h"

namespace offtake::targets {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr int kPerSecond = 5'000;
constexpr int kSeconds = 10;
constexpr double kMostMilliseconds = 2.0;  // of the 99th percentile

std::vector<http::Message> make_messages(int count) {
  std::vector<http::Message> out(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    auto& message = out[static_cast<std::size_t>(i)];
    message.key = fmt::format("order-{}", i % 10'000);
    message.event.id = fmt::format("2f1c9d1e-0000-4000-8000-000000000001:{:032x}:{}", i, i / 100);
    message.event.source = "/namespaces/retail/dataproducts/confirmations";
    message.event.type = "dev.offtake.row.created";
    message.event.subject = message.key;
    message.event.time = "2026-11-23T09:02:11.250Z";
    message.event.data = fmt::format(
        R"({{"row":{{"order_id":{},"email":"someone{}@example.com","amount":"{}.50","paid_at":"2026-11-23T09:02:11.250000Z"}}}})",
        i, i, i % 500);
  }
  return out;
}

void expect_taken(const http::Outcome& outcome) {
  bench::expect(outcome.kind == http::Outcome::Kind::kAcknowledged, "every call is acknowledged");
}

double closed(http::MessageSender& sender, const std::vector<http::Message>& messages) {
  const auto start = Clock::now();
  auto sent = sender.send(messages, [](std::size_t, const http::Outcome& outcome) { expect_taken(outcome); });
  bench::expect(sent.ok(), "the function is there");
  return static_cast<double>(messages.size()) / duration<double>(Clock::now() - start).count();
}

std::vector<double> open(http::MessageSender& sender, std::span<const http::Message> messages) {
  constexpr auto kEvery = std::chrono::nanoseconds(1'000'000'000 / kPerSecond);
  std::vector<double> overhead;
  overhead.reserve(messages.size());
  const auto start = Clock::now();
  for (std::size_t next = 0; next < messages.size();) {
    const auto due = [&](std::size_t index) { return start + kEvery * static_cast<std::int64_t>(index); };
    std::this_thread::sleep_until(due(next));
    const auto count = std::min<std::size_t>(
        static_cast<std::size_t>((Clock::now() - due(next)) / kEvery) + 1, messages.size() - next);
    auto sent =
        sender.send(messages.subspan(next, count), [&](std::size_t index, const http::Outcome& outcome) {
          expect_taken(outcome);
          overhead.push_back(duration<double, std::milli>(Clock::now() - due(next + index)).count());
        });
    bench::expect(sent.ok(), "the function is there");
    next += count;
  }
  std::sort(overhead.begin(), overhead.end());
  return overhead;
}

int run(const files::Path& programs) {
  auto dir = files::TempDir::make("bench");
  if (!dir) bench::fail(dir.error().text());
  function::FunctionOptions options;
  options.name = "bench";
  options.command = {programs / "bench_function"};
  options.directory = dir->path() / "function";
  auto process = function::FunctionProcess::open(options);
  if (!process) bench::fail(process.error().text());
  auto sender = function::make_function_sender(**process, {.max_in_flight = 16});
  const auto messages = make_messages(kPerSecond * kSeconds);
  closed(*sender, {messages.begin(), messages.begin() + kPerSecond});  // warms up
  double rate = 0;
  const double cpu = bench::cpu_seconds([&] { rate = closed(*sender, messages); });
  const auto overhead = open(*sender, messages);
  const auto at = [&](double share) {
    return overhead[static_cast<std::size_t>(share * (overhead.size() - 1))];
  };
  std::printf("function calls, 16 in flight: %.0f a second, %.1f us of our processor each\n", rate,
              cpu * 1e6 / static_cast<double>(messages.size()));
  std::printf("function calls at %d a second: p50 %.3f ms, p99 %.3f ms, p99.9 %.3f ms, most %.3f ms\n",
              kPerSecond, at(0.5), at(0.99), at(0.999), overhead.back());
  bench::report_bound("time of 5,000 calls, 16 in flight", kPerSecond / rate, 1.0, "s");
  bench::report_bound("p99 overhead at 5,000 calls/s", at(0.99), kMostMilliseconds, "ms");
  return bench::exit_code();
}

}  // namespace
}  // namespace offtake::targets

int main(int, char** arguments) {
  return offtake::targets::run(std::filesystem::absolute(arguments[0]).parent_path());
}
