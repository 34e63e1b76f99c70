// Products of every engine that sends: sessions of their revisions against one receiver over HTTP, their
// journals in an embedded log. A function is handed the messages by its command, which passes them on to the
// receiver.
#pragma once
#include <doctest/doctest.h>

#include <list>
#include <map>
#include <set>

#include "../targets/conformance.h"
#include "../targets/rows.h"
#include "../targets_http/receiver.h"
#include "base/files/files.h"
#include "base/id.h"
#include "base/json/value.h"
#include "operators/sources/embedded/store.h"
#include "operators/targets/journal/journal.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::push {

using targets_test::batch_of;
using targets_test::TextRow;
namespace web = offtake::http;

constexpr const char* kSource = "shop/payments";

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL("unexpected error " << result.error().code << ": " << result.error().text());
  return std::move(result).value();
}
inline void must(const base::Status& status) {
  if (!status) FAIL("unexpected error " << status.error().code << ": " << status.error().text());
}

inline std::shared_ptr<sources::EventStore> events() {
  static const auto made = []() -> std::shared_ptr<sources::EventStore> {
    static const auto directory = must(files::TempDir::make("offtake-push"));
    sources::embedded::LogOptions options;
    options.dir = (directory.path() / "events").string();
    return sources::embedded::make_store(
        std::shared_ptr<sources::embedded::Log>(must(sources::embedded::Log::open(options))));
  }();
  return made;
}

inline TableSpec payments(int revision, plan::SentChanges changes) {
  TableSpec table;
  table.name = "payments";
  table.revision = revision;
  table.columns = {{"id", types::TypeId::kInt8, false}, {"email", types::TypeId::kText, true}};
  table.identity = {plan::Identity::Kind::kProvedKey, {0}};
  PushSpec push;
  push.changes = changes;
  push.max_attempts = 5;
  push.max_delay = 1'000;
  table.push = push;
  return table;
}

// Ids that were sent, with how often, and the types in the order of their arrival.
struct Seen {
  std::map<std::string, int> subjects;  // of "subject type"
  std::set<std::string> ids;
};
inline Seen seen_by(const http::Receiver& receiver) {
  Seen out;
  for (const auto& request : receiver.requests()) {
    const std::string type(request.headers.get("ce-type"));
    ++out.subjects[std::string(request.headers.get("ce-subject")) + " " + type.substr(type.rfind('.') + 1)];
    out.ids.insert(std::string(request.headers.get("ce-id")));
  }
  return out;
}

inline std::vector<std::string_view> pushed_engines() {
  auto out = engine_names();
  std::erase_if(out, [](std::string_view name) { return !find_engine(name)->traits.pushed; });
  return out;
}

// A test case over every engine that sends changes: `engine`. The body follows.
#define CONFORMANCE(what) CONFORMANCE_AS(what, DOCTEST_ANONYMOUS(conformance_))
#define CONFORMANCE_AS(what, body) CONFORMANCE_BODY(what, body)
#define CONFORMANCE_BODY(what, body)                                               \
  static void body(std::string_view engine);                                       \
  [[maybe_unused]] static const bool body##_declared = targets_test::declare_case( \
      {what, __FILE__, __LINE__, [](std::string_view) { return std::string(); }}); \
  TEST_CASE(what) {                                                                \
    for (const auto engine : pushed_engines()) {                                   \
      CAPTURE(engine);                                                             \
      body(engine);                                                                \
    }                                                                              \
  }                                                                                \
  static void body(std::string_view engine)

// One product and the sessions of its revisions, which keep the control row's numbers as delivery does.
class Product {
 public:
  Product(std::string_view engine, int port) : engine_(engine), port_(port) {}
  ~Product() { CHECK(events()->delete_topic(journal::topic_of(uid)).ok()); }

  std::unique_ptr<Target> open(const TableSpec& table) {
    TargetConnection connection;
    connection.engine = engine_;
    connection.events = events();
    Receiver& receiver = connection.receiver.emplace();
    receiver.source = "/namespaces/shop/dataproducts/payments";
    receiver.name = "payments";
    if (engine_ == "http") {
      receiver.url = fmt::format("http://127.0.0.1:{}/events", port_);
    } else {
      // Each worker's own, as runners give it.
      directories_.push_back(must(files::TempDir::make("offtake-push")));
      receiver.directory = (directories_.back().path() / "function").string();
      receiver.command.emplace();
      receiver.command->argv = {"python3", FUNCTIONS "/pass_on.py", std::to_string(port_)};
    }
    return must(find_engine(engine_)->open(connection, table, uid));
  }
  const std::string uid = base::random_id();

 private:
  const std::string engine_;
  const int port_;
  std::list<files::TempDir> directories_;
};

struct Rows {
  std::vector<TextRow> upserts = {}, old_rows = {}, deletes = {};
  std::size_t new_rows = 0;
};
inline engine::Changes changes_of(const TableSpec& table, const Rows& rows) {
  engine::Changes out;
  out.upserts = batch_of(table.columns, rows.upserts);
  out.deletes = batch_of(protocol::identity_columns(table), rows.deletes);
  out.old_rows = batch_of(table.columns, rows.old_rows);
  out.new_rows = rows.new_rows;
  return out;
}

class Session {
 public:
  Session(Product& product, TableSpec table, std::int64_t incarnation = 1)
      : table_(std::move(table)), target_(product.open(table_)) {
    control.revision = table_.revision;
    control.incarnation = incarnation;
    control.owner = base::random_id();
  }

  void fill(const Rows& rows, std::int64_t cut = 100) {
    control.start_offsets = {{kSource, {{0, 0}}}};
    control.cut = control.offsets = {{kSource, {{0, cut}}}};
    must(target_->begin_fill(control));
    auto loader = must(target_->open_loader("0"));
    must(loader->append(changes_of(table_, rows)));
    must(loader->commit({}, {}));
    must(target_->finish_load());
    control.logical_time = 1'000'000;
    must(target_->finish_fill({}, control.logical_time, {}));
  }
  SwapResult swap() {
    auto swapped = must(target_->swap());
    if (swapped.swapped) control.epoch = swapped.epoch;
    return swapped;
  }
  void publish() {
    const auto swapped = swap();
    REQUIRE_MESSAGE(swapped.swapped, swapped.blocked_by);
  }
  base::Status commit(const Rows& rows, std::int64_t records = 1) {
    EpochCommit epoch;
    epoch.last_epoch = control.epoch;
    epoch.changes = changes_of(table_, rows);
    epoch.offsets = control.offsets;
    epoch.offsets[kSource][0] += records;
    epoch.logical_time = control.logical_time + 1'000'000;
    auto done = target_->commit(epoch);
    if (!done) return done;
    control.offsets = epoch.offsets;
    control.logical_time = epoch.logical_time;
    ++control.epoch;
    return {};
  }
  // As live delivery does when it is told to.
  void reach(const SwapResult& result) {
    const auto goal = result.reach.at(kSource).at(0);
    control.logical_time = std::max(control.logical_time, result.reach_time - 1'000'000);
    must(commit({}, goal - control.offsets[kSource][0]));
  }
  void take_over() {
    control = must(target_->take_ownership({table_.revision, control.incarnation, control.owner}));
  }
  Target& target() { return *target_; }
  const TableSpec& table() const { return table_; }
  ControlRow control;

 private:
  TableSpec table_;
  std::unique_ptr<Target> target_;
};

inline void wait_until(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_so()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "waited in vain");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

using plan::SentChanges;

// What waits in the queues, as the journal has it: "subject" and how often it was tried, or "parked".
inline std::multimap<std::string, std::string> waiting(const Product& product) {
  journal::Journal journal(events(), journal::topic_of(product.uid));
  must(journal.refresh());
  std::multimap<std::string, std::string> out;
  for (const auto& [name, text] : journal.entries()) {
    if (!name.starts_with("retry/")) continue;
    const auto entry = must(json::parse(text));
    out.emplace(entry.string_or("subject"),
                entry.bool_or("parked") ? "parked" : std::to_string(entry.int_or("attempts")));
  }
  return out;
}

}  // namespace offtake::targets::push
