// The process runner with processes that do not end when they are asked to.
#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "base/process/process.h"
#include "operators/runners/process/runner.h"

using namespace offtake;
using namespace std::chrono_literals;

namespace {

struct Frozen {
  files::TempDir folder = *files::TempDir::make();
  std::shared_ptr<runners::Runner> runner;

  Frozen() {
    // Stands for the program: takes no notice of SIGTERM and answers nothing.
    const files::Path program = folder.path() / "frozen";
    REQUIRE(files::write_file_atomic(program,
                                     "#!/bin/sh\ntrap 'touch asked' TERM\ntouch trapped\n"
                                     "while :; do sleep 0.1; done\n",
                                     0700)
                .ok());
    runner = runners::make_process_runner({folder.path() / "run", program});
  }
  ~Frozen() {
    for (const auto& key : runner->list()) CHECK(runner->stop(key, 0ms).ok());
  }

  runners::WorkerKey start(const std::string& uid) {
    runners::WorkerOrder order;
    order.job.product_uid = uid;
    REQUIRE(runner->ensure(order).ok());
    const runners::WorkerKey key{uid, order.job.revision};
    wait_for(uid, "trapped");
    return key;
  }
  void wait_for(const std::string& uid, const char* file) {
    const files::Path path = folder.path() / "run" / uid / "r1" / file;
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!files::exists(path) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    REQUIRE(files::exists(path));
  }
};

}  // namespace

TEST_CASE("a worker that does not end keeps nobody from the others") {
  Frozen frozen;
  const auto slow = frozen.start("slow");
  const auto other = frozen.start("other");
  std::atomic<bool> stopped = false;
  std::jthread stopping([&] {
    CHECK(frozen.runner->stop(slow, 60s).ok());
    stopped = true;
  });
  frozen.wait_for("slow", "asked");
  // While the first is waited for, the second is looked at, ensured, stopped and listed.
  runners::WorkerOrder again;
  again.job.product_uid = "other";
  for (int look = 0; look < 50; ++look) {
    CHECK(frozen.runner->observe(other)->running);
    CHECK(frozen.runner->ensure(again).ok());
    CHECK(frozen.runner->list().size() == 2);
    CHECK(frozen.runner->observe(slow).ok());
  }
  CHECK(frozen.runner->stop(other, 0ms).ok());
  CHECK_FALSE(frozen.runner->observe(other)->running);
  CHECK_FALSE(stopped);
  const auto process = process::identify(static_cast<pid_t>(frozen.runner->observe(slow)->pid));
  REQUIRE(process.has_value());
  CHECK(process::send_signal(*process, SIGKILL));
  stopping.join();
  CHECK(stopped);
  CHECK_FALSE(frozen.runner->observe(slow)->running);
}
