// Worker processes follow their orders: job, credentials, the place of the registry.
#include <fstream>
#include <iterator>
#include <thread>

#include "operators/runners/files_of_worker.h"
#include "operators/runners/process/runner.h"
#include "orders.h"

namespace offtake::runners {
namespace {

using namespace std::chrono_literals;

const WorkerKey kKey{"uid", 1};

// Ends its worker, whatever becomes of the test.
struct Running {
  files::TempDir folder = must(files::TempDir::make("offtake-runners"));
  std::shared_ptr<Runner> runner = fresh();
  WorkerOrder order = an_order(folder.path() / "t.db");
  ~Running() {
    if (auto stopped = runner->stop(kKey, 5s); !stopped) MESSAGE(stopped.error().text());
  }
  std::shared_ptr<Runner> fresh() const {
    return make_process_runner({folder.path(), files::Path(OFFTAKE_PROGRAM)});
  }
  // Makes sure of the order and waits until the worker answers; gives its pid.
  std::int64_t ensured() {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    for (;;) {
      must(runner->ensure(order));
      const auto seen = must(runner->observe(kKey));
      if (seen.running && seen.status && seen.status->pid == seen.pid) return seen.pid;
      REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "no worker answers");
      std::this_thread::sleep_for(20ms);  // between two looks
    }
  }
  std::string secret(const char* name) const {
    return must(files::read_file(worker_directory(folder.path(), kKey) / "secrets" / name));
  }
};

}  // namespace

TEST_CASE("a rotated password reaches a running worker, also an adopted one") {
  Running world;
  const auto first = world.ensured();
  CHECK(world.ensured() == first);
  world.order.secrets["store-kafka/password"] = "rotated";
  const auto second = world.ensured();
  CHECK(second != first);
  CHECK(world.secret("store-kafka/password") == "rotated");

  world.runner = world.fresh();  // as after a crash of the server
  CHECK(world.ensured() == second);
  world.runner = world.fresh();
  world.order.secrets["store-kafka/password"] = "rotated again";
  CHECK(world.ensured() != second);
  CHECK(world.secret("store-kafka/password") == "rotated again");
}

TEST_CASE("an edited event store reaches a running worker") {
  Running world;
  const auto first = world.ensured();
  world.order.job.stores[0].bootstrap_servers = {"127.0.0.1:2"};
  CHECK(world.ensured() != first);
  const auto job = must(
      worker::parse_job(must(files::read_file(worker_directory(world.folder.path(), kKey) / "job.json"))));
  CHECK(job.stores[0].bootstrap_servers == std::vector<std::string>{"127.0.0.1:2"});
}

TEST_CASE("a registry that moved is told to the worker without a restart") {
  Running world;
  const auto first = world.ensured();
  world.order.secrets["registry-kafka/urls"] = "http://127.0.0.1:3/registry\n";
  CHECK(world.ensured() == first);
  CHECK(world.secret("registry-kafka/urls") == "http://127.0.0.1:3/registry\n");
}

TEST_CASE("secrets are in files alone") {
  Running world;
  const auto pid = world.ensured();
  const auto directory = worker_directory(world.folder.path(), kKey);
  // It answers before it writes its first line.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  const auto log_of_worker = [&] { return files::read_file(directory / "worker.log"); };
  for (auto log = log_of_worker(); !log || log->empty(); log = log_of_worker()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "the worker's log stays empty");
    std::this_thread::sleep_for(20ms);  // between two looks
  }
  for (const files::Path& open_to_see :
       {files::Path(fmt::format("/proc/{}/cmdline", pid)), files::Path(fmt::format("/proc/{}/environ", pid)),
        directory / "job.json", directory / "worker.log", directory / "worker.out"}) {
    CAPTURE(open_to_see.string());
    std::ifstream file(open_to_see, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (open_to_see.filename() != "worker.out") REQUIRE_FALSE(text.empty());
    CHECK(text.find("first-secret") == std::string::npos);
    CHECK(text.find("second-secret") == std::string::npos);
  }
}

}  // namespace offtake::runners
