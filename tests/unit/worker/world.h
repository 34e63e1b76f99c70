// What a worker needs, for real and in one process: the embedded log, Avro records, SQL compiled to a plan, a
// product's place in SQLite. Stores can be made to fail from outside, as networks do.
#pragma once
#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/files/files.h"
#include "controlplane/sql/compile.h"
#include "operators/delivery/pipeline.h"
#include "operators/provision/provisioner.h"
#include "operators/sources/embedded/log.h"
#include "operators/worker/run.h"
#include "tests/unit/targets/documents.h"
#include "tests/unit/targets/postgres_server.h"

namespace offtake::worker_test {

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL("unexpected error " << result.error().code << ": " << result.error().text());
  return std::move(result).value();
}
inline void must(const base::Status& status) {
  if (!status) FAIL("unexpected error " << status.error().code << ": " << status.error().text());
}

// Polls; fails after `patience`.
void eventually(const std::function<bool()>& condition, const std::string& what,
                std::chrono::seconds patience = std::chrono::seconds(20));

// What is wrong with a store right now; each call of a store or of a reader asks it.
struct Trouble {
  // An error for the call, or nothing. May throw, as a bug would.
  std::function<std::optional<base::Error>(const std::string& call)> on_call;
  std::mutex mutex;
  void set(std::function<std::optional<base::Error>(const std::string&)> now) {
    const std::lock_guard lock(mutex);
    on_call = std::move(now);
  }
  std::optional<base::Error> ask(const std::string& call) {
    const std::lock_guard lock(mutex);
    return on_call ? on_call(call) : std::nullopt;
  }
};

struct Stream {
  std::string dataset;  // in namespace "shop"
  bool entity = false;
  std::string columns;  // Avro fields: {"name":"id","type":"long"},…
  std::vector<std::string> key;
  int partitions = 1;
  std::int64_t retention_ms = -1;
};

class World {
 public:
  // `postgres`: the product lives there; `documents`: in the targets' tests' target without transactions;
  // else in SQLite.
  explicit World(std::vector<Stream> streams, targets_test::PostgresServer* postgres = nullptr,
                 bool documents = false);
  ~World();

  // Appends one record; `json` empty: a tombstone. Schema id 1 unless said otherwise. Gives its offset.
  sources::Offset put(const std::string& dataset, const std::string& key, const std::string& json,
                      int partition = 0, int schema_id = 1,
                      std::optional<std::int64_t> timestamp_ms = std::nullopt);
  void put_raw(const std::string& dataset, const std::string& key, const std::string& value,
               int partition = 0);
  // The Avro schema of a dataset's values.
  std::string schema_of(const std::string& dataset) const;

  worker::Job job(const std::string& sql, std::vector<std::string> key = {}, int revision = 1);
  worker::Environment environment();
  Trouble& trouble() { return *trouble_; }
  std::shared_ptr<sources::EventStore> store() { return store_; }
  sources::embedded::Log& log() { return *log_; }
  void make_topic(const std::string& dataset);
  delivery::Source source(const std::string& dataset, const worker::Job& job);
  std::unique_ptr<targets::Target> open_target(const worker::Job& job);
  targets::ControlRow control(int revision = 0);  // 0: the latest
  std::optional<targets::Phase> phase(int revision);
  // What readers see, each row as its values joined by '|', in the query's order.
  std::vector<std::string> rows(const std::string& select);
  // The same of documents: all there are, sorted.
  std::vector<std::string> documents() const;
  const std::string& product_file() const { return connection_.path; }
  const targets::TargetConnection& connection() const { return connection_; }
  files::Path folder() const { return directory_.path(); }

 private:
  files::TempDir directory_;
  std::map<std::string, Stream> streams_;
  std::shared_ptr<sources::embedded::Log> log_;
  std::shared_ptr<sources::EventStore> store_;  // of the log, in between: trouble_
  std::shared_ptr<Trouble> trouble_ = std::make_shared<Trouble>();
  std::unique_ptr<provision::Provisioner> provisioner_;
  targets::TargetConnection connection_;
  targets_test::PostgresServer* const postgres_;
  std::string uid_;
  std::int64_t incarnation_ = 0;
};

// A worker that runs in a thread of its own; drained by the destructor.
class Running {
 public:
  Running(worker::Job job, worker::Environment environment);
  ~Running() { stop(); }
  delivery::ProgressSnapshot progress() const { return progress_.read(); }
  delivery::Progress& board() { return progress_; }
  bool live() const { return progress().state == delivery::State::kLive; }
  // How often a line with this message was logged by the worker, its reading threads included.
  int logged(const std::string& message) const;
  bool ended() const { return ended_; }
  worker::Outcome stop();  // drains it and waits
  worker::Outcome wait();  // for its end by itself

 private:
  const worker::Job job_;
  const worker::Environment environment_;
  delivery::Progress progress_;
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  worker::Outcome outcome_;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;
};

}  // namespace offtake::worker_test
