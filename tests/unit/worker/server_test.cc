// What a worker serves of itself, over its socket.
#include "operators/worker/server.h"

#include <doctest/doctest.h>

#include "base/files/files.h"
#include "base/http/client.h"

using namespace offtake;

TEST_CASE("a worker's page for Prometheus") {
  auto folder = files::TempDir::make();
  REQUIRE(folder.ok());
  const std::string socket = (folder->path() / "worker.sock").string();
  worker::WorkerStatus status;
  status.product_namespace = "retail";
  status.product = "x";
  status.revision = 3;
  status.incarnation = 7;
  status.progress.records_live = 12'345;
  status.progress.content.rows = 17;
  status.progress.checkpoint_at = 1'700'000'000'000'000;
  status.progress.checkpoint_epoch = 41;
  status.progress.checkpoint_bytes = 4'096;
  status.progress.checkpoints_failed = 2;
  status.progress.stall = delivery::Stall{"DiskFull", "full", 1};
  worker::ServerHooks hooks;
  hooks.status = [&] { return status; };
  hooks.drain = [] {};
  auto server = worker::serve_status("unix:" + socket, std::move(hooks));
  REQUIRE(server.ok());
  http::ClientOptions options;
  options.base_url = "http://worker";
  options.unix_socket = socket;
  const auto answer = http::Client(options).get("/metrics");
  REQUIRE(answer.ok());
  CHECK(answer->status == 200);
  CHECK(answer->headers.get("Content-Type") == "text/plain; version=0.0.4");
  const std::string labels = R"({namespace="retail",product="x",revision="3"})";
  for (const std::string& line :
       {std::string("# TYPE offtake_product_live_records_total counter\n"),
        "offtake_product_live_records_total" + labels + " 12345\n", "offtake_product_rows" + labels + " 17\n",
        "offtake_product_checkpoint_epoch" + labels + " 41\n",
        "offtake_product_checkpoint_bytes" + labels + " 4096\n",
        "offtake_product_checkpoint_failures_total" + labels + " 2\n",
        "offtake_product_stalled" + labels + " 1\n", "offtake_worker_incarnation" + labels + " 7\n"}) {
    CAPTURE(line);
    CHECK(answer->body.find(line) != std::string::npos);
  }
  const auto read = worker::parse_status(worker::status_text(status));
  REQUIRE(read.ok());
  CHECK(read->progress.checkpoint_at == status.progress.checkpoint_at);
  CHECK(read->progress.checkpoint_epoch == 41);
  CHECK(read->progress.checkpoint_bytes == 4'096);
  CHECK(read->progress.checkpoints_failed == 2);
  // Before the sources' ends are known there is no lag to tell.
  CHECK(answer->body.find("lag_seconds") == std::string::npos);
}
