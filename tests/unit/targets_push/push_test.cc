// Push targets of every engine against one receiver over HTTP, their journals in an embedded log. A function
// is handed the messages by its command, which passes them on to the receiver.
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
namespace {

using targets_test::batch_of;
using targets_test::TextRow;
namespace web = offtake::http;

constexpr const char* kSource = "shop/payments";

template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL("unexpected error " << result.error().code << ": " << result.error().text());
  return std::move(result).value();
}
void must(const base::Status& status) {
  if (!status) FAIL("unexpected error " << status.error().code << ": " << status.error().text());
}

std::shared_ptr<sources::EventStore> events() {
  static const auto made = []() -> std::shared_ptr<sources::EventStore> {
    static const auto directory = must(files::TempDir::make("offtake-push"));
    sources::embedded::LogOptions options;
    options.dir = (directory.path() / "events").string();
    return sources::embedded::make_store(
        std::shared_ptr<sources::embedded::Log>(must(sources::embedded::Log::open(options))));
  }();
  return made;
}

TableSpec payments(int revision, plan::SentChanges changes) {
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
Seen seen_by(const http::Receiver& receiver) {
  Seen out;
  for (const auto& request : receiver.requests()) {
    const std::string type(request.headers.get("ce-type"));
    ++out.subjects[std::string(request.headers.get("ce-subject")) + " " + type.substr(type.rfind('.') + 1)];
    out.ids.insert(std::string(request.headers.get("ce-id")));
  }
  return out;
}

std::vector<std::string_view> pushed_engines() {
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
engine::Changes changes_of(const TableSpec& table, const Rows& rows) {
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

void wait_until(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_so()) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, "waited in vain");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

using plan::SentChanges;

}  // namespace

CONFORMANCE("created: the content at the cut is never sent, and each key once") {
  http::Receiver receiver([](const web::Request&) { return http::status(204); });
  Product product(engine, receiver.port());
  Session session(product, payments(1, SentChanges::kCreated));
  session.fill({.upserts = {{"1", "a"}, {"2", "b"}}, .new_rows = 2});
  session.publish();
  must(session.commit({.upserts = {{"3", "c"}, {"1", "changed"}}, .new_rows = 1}));
  must(session.commit({.upserts = {{"3", "again"}}}));
  must(session.commit({.deletes = {{"3"}}}));
  must(session.commit({.upserts = {{"3", "back"}, {"4", "d"}}, .new_rows = 2}));
  const Seen seen = seen_by(receiver);
  CHECK(seen.subjects == std::map<std::string, int>{{"3 created", 1}, {"4 created", 1}});
  const auto requests = receiver.requests();
  CHECK(requests[0].headers.get("ce-source") == "/namespaces/shop/dataproducts/payments");
  CHECK(requests[0].headers.get("ce-time") == "1970-01-01T00:00:02Z");
  CHECK(requests[0].body == R"({"row":{"id":3,"email":"c"}})");
  const std::string id(requests[0].headers.get("ce-id"));
  CHECK(id.starts_with(product.uid + ":"));
  CHECK(id.ends_with(":2"));
}

CONFORMANCE("all: every net change with its old row") {
  http::Receiver receiver([](const web::Request&) { return http::status(200); });
  Product product(engine, receiver.port());
  Session session(product, payments(1, SentChanges::kAll));
  session.fill({.upserts = {{"1", "a"}, {"2", "b"}}, .new_rows = 2});
  session.publish();
  must(session.commit({.upserts = {{"3", "c"}, {"1", "A"}},
                       .old_rows = {{"1", "a"}, {"2", "b"}},
                       .deletes = {{"2"}},
                       .new_rows = 1}));
  std::map<std::string, std::string> bodies;
  for (const auto& request : receiver.requests())
    bodies[std::string(request.headers.get("ce-subject"))] = request.body;
  CHECK(bodies == std::map<std::string, std::string>{
                      {"3", R"({"row":{"id":3,"email":"c"}})"},
                      {"1", R"({"row":{"id":1,"email":"A"},"oldRow":{"id":1,"email":"a"}})"},
                      {"2", R"({"row":null,"oldRow":{"id":2,"email":"b"}})"}});
}

CONFORMANCE("an epoch that was cut short is sent again with the same ids, by whoever comes next") {
  std::atomic<bool> good = false;
  http::Receiver receiver([&](const web::Request& request) {
    while (!good && request.headers.get("ce-subject") == "4")
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return http::status(200);
  });
  Product product(engine, receiver.port());
  const TableSpec table = payments(1, SentChanges::kCreated);
  const Rows epoch{.upserts = {{"3", "c"}, {"4", "d"}}, .new_rows = 2};
  std::set<std::string> ids;
  {
    Session first(product, table);
    first.fill({.upserts = {{"1", "a"}}, .new_rows = 1});
    first.publish();
    std::jthread interrupts([&](std::stop_token stop) {
      // Once the good one of them is out.
      while (!stop.stop_requested() && receiver.requests().size() < 2) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      first.target().interrupt();
    });
    const auto cut = first.commit(epoch);
    REQUIRE_FALSE(cut.ok());
    CHECK(cut.error().retry == base::Retry::kTransient);
    ids = seen_by(receiver).ids;
  }
  Session second(product, table, 2);
  second.take_over();
  REQUIRE(second.control.intent.has_value());
  CHECK(second.control.intent->offsets == SourceOffsets{{kSource, {{0, 101}}}});
  // Another epoch is not taken.
  CHECK(second.commit(epoch, 2).error().code == "IntentDiffers");
  good = true;
  must(second.commit(epoch));
  for (const auto& id : ids) CHECK(seen_by(receiver).ids.contains(id));
  CHECK(seen_by(receiver).ids.size() == 2);
  CHECK_FALSE(must(second.target().controls()).front().intent.has_value());
  must(second.commit({.upserts = {{"3", "x"}, {"4", "y"}}}));
  CHECK(seen_by(receiver).ids.size() == 2);
}

CONFORMANCE("what is not taken waits in the order of its key, and the epoch goes on") {
  std::atomic<bool> good = false;
  http::Receiver receiver([&](const web::Request& request) {
    return http::status(!good && request.headers.get("ce-subject") == "7" ? 500 : 200);
  });
  Product product(engine, receiver.port());
  const TableSpec table = payments(1, SentChanges::kAll);
  Session session(product, table);
  session.fill({});
  session.publish();
  must(session.commit({.upserts = {{"7", "one"}, {"8", "x"}}, .new_rows = 2}));
  CHECK(seen_by(receiver).subjects["7 created"] == 3);
  must(session.commit({.upserts = {{"7", "two"}, {"8", "y"}}, .old_rows = {{"7", "one"}, {"8", "x"}}}));
  CHECK(seen_by(receiver).subjects["8 updated"] == 1);
  CHECK(seen_by(receiver).subjects["7 updated"] == 0);
  // The queue outlives its worker.
  Session next(product, table, 2);
  next.take_over();
  good = true;
  wait_until([&] {
    must(next.target().tend());
    return seen_by(receiver).subjects["7 updated"] == 1;
  });
  must(next.target().tend());
  CHECK(seen_by(receiver).subjects["7 created"] == 4);
  must(next.commit({.upserts = {{"7", "three"}}, .old_rows = {{"7", "two"}}}));
  CHECK(seen_by(receiver).subjects["7 updated"] == 2);
  std::vector<std::string> bodies;
  for (const auto& request : receiver.requests())
    if (request.headers.get("ce-subject") == "7") bodies.push_back(request.body);
  CHECK(bodies.back() == R"({"row":{"id":7,"email":"three"},"oldRow":{"id":7,"email":"two"}})");
  CHECK(bodies[bodies.size() - 2] == R"({"row":{"id":7,"email":"two"},"oldRow":{"id":7,"email":"one"}})");
}

CONFORMANCE("a message that is refused is parked with its key; one that fails too often as well") {
  http::Receiver receiver([](const web::Request& request) {
    const auto subject = request.headers.get("ce-subject");
    return http::status(subject == "1" ? 400 : subject == "2" ? 503 : 200);
  });
  Product product(engine, receiver.port());
  Session session(product, payments(1, SentChanges::kAll));
  session.fill({});
  session.publish();
  must(session.commit({.upserts = {{"1", "a"}, {"2", "b"}, {"3", "c"}}, .new_rows = 3}));
  wait_until([&] {
    must(session.target().tend());
    return seen_by(receiver).subjects["2 created"] == 5;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  must(session.target().tend());
  must(session.commit(
      {.upserts = {{"1", "A"}, {"2", "B"}, {"3", "C"}}, .old_rows = {{"1", "a"}, {"2", "b"}, {"3", "c"}}}));
  must(session.target().tend());
  CHECK(seen_by(receiver).subjects ==
        std::map<std::string, int>{{"1 created", 1}, {"2 created", 5}, {"3 created", 1}, {"3 updated", 1}});
  journal::Journal journal(events(), journal::topic_of(product.uid));
  must(journal.refresh());
  int parked = 0, behind = 0;
  for (const auto& [name, text] : journal.entries()) {
    if (!name.starts_with("retry/")) continue;
    const auto entry = must(json::parse(text));
    ++(entry.bool_or("parked") ? parked : behind);
    if (entry.bool_or("parked")) CHECK(entry.string_or("error").find("answers") != std::string::npos);
  }
  CHECK(parked == 2);
  CHECK(behind == 2);
}

CONFORMANCE("a receiver that is not there is waited for, and nothing is lost") {
  int port = 0;
  {
    http::Receiver gone([](const web::Request&) { return http::status(200); });
    port = gone.port();
  }
  Product product(engine, port);
  TableSpec table = payments(1, SentChanges::kCreated);
  table.push->max_in_flight = 4;
  Session session(product, table);
  session.fill({});
  session.publish();
  must(session.commit({.upserts = {{"1", "a"}}, .new_rows = 1}));
  journal::Journal journal(events(), journal::topic_of(product.uid));
  must(journal.refresh());
  CHECK(std::count_if(journal.entries().begin(), journal.entries().end(),
                      [](const auto& entry) { return entry.first.starts_with("retry/"); }) == 1);
}

CONFORMANCE("a successor takes over where its predecessor stands: nothing twice, nothing lost") {
  http::Receiver receiver([](const web::Request& request) {
    return http::status(request.headers.get("ce-subject") == "9" ? 500 : 200);
  });
  Product product(engine, receiver.port());
  Session first(product, payments(1, SentChanges::kCreated));
  first.fill({.upserts = {{"1", "a"}, {"2", "b"}}, .new_rows = 2});
  first.publish();
  must(first.commit({.upserts = {{"3", "c"}, {"9", "z"}}, .new_rows = 2}));
  must(first.commit({.deletes = {{"3"}}}));

  Session second(product, payments(2, SentChanges::kCreated));
  // It has read further than the first one: it waits.
  second.fill({.upserts = {{"1", "a"}, {"2", "b"}, {"9", "z"}, {"5", "e"}}, .new_rows = 4}, 104);
  auto ahead = second.swap();
  CHECK_FALSE(ahead.swapped);
  CHECK(ahead.hold);
  must(first.commit({.upserts = {{"5", "e"}}, .new_rows = 1}, 4));
  auto told = second.swap();
  CHECK_FALSE(told.swapped);
  REQUIRE_FALSE(told.reach.empty());
  CHECK(told.reach == first.control.offsets);
  const auto late = first.commit({.upserts = {{"6", "f"}}, .new_rows = 1});
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().retry == base::Retry::kFenced);
  const auto before = seen_by(receiver);
  second.reach(told);
  second.publish();
  CHECK(second.control.epoch > first.control.epoch);
  CHECK(seen_by(receiver).ids == before.ids);
  // 3 was settled by the first one and is gone; 9 waits in its queue.
  must(second.commit({.upserts = {{"3", "back"}, {"6", "f"}, {"5", "E"}}, .new_rows = 2}));
  const auto seen = seen_by(receiver);
  CHECK(seen.subjects.at("3 created") == 1);
  CHECK(seen.subjects.at("5 created") == 1);
  CHECK(seen.subjects.at("6 created") == 1);
  const int tries = seen.subjects.at("9 created");
  wait_until([&] {
    must(second.target().tend());
    return seen_by(receiver).subjects.at("9 created") > tries;
  });
  // And so after a restart.
  Session again(product, payments(2, SentChanges::kCreated), 2);
  again.take_over();
  must(again.commit({.upserts = {{"1", "x"}, {"3", "y"}, {"5", "z"}, {"6", "w"}}}));
  CHECK(seen_by(receiver).ids == seen.ids);
  CHECK(must(again.target().controls()).front().phase == Phase::kFenced);
}

CONFORMANCE("a predecessor in the middle of an epoch ends it first, and then gives way") {
  std::atomic<bool> busy = true;
  http::Receiver receiver([&](const web::Request&) { return http::status(busy ? 404 : 200); });
  Product product(engine, receiver.port());
  Session first(product, payments(1, SentChanges::kCreated));
  first.fill({});
  first.publish();
  Session second(product, payments(2, SentChanges::kCreated));
  second.fill({});
  CHECK_FALSE(first.commit({.upserts = {{"1", "a"}}, .new_rows = 1}).ok());
  auto told = second.swap();
  CHECK_FALSE(told.swapped);
  CHECK(told.reach.empty());
  CHECK(told.hold);
  CHECK(told.blocked_by.find("not finished") != std::string::npos);
  busy = false;
  must(first.commit({.upserts = {{"1", "a"}}, .new_rows = 1}));
  // Its turn is over as soon as it has looked.
  wait_until([&] {
    const auto next = first.commit({.upserts = {{"2", "b"}}, .new_rows = 1});
    if (!next) CHECK(next.error().code == "HandingOver");
    return !next.ok();
  });
  told = second.swap();
  REQUIRE_FALSE(told.reach.empty());
  second.reach(told);
  second.publish();
}

CONFORMANCE("a refill keeps no key of the fill before it") {
  http::Receiver receiver([](const web::Request&) { return http::status(200); });
  Product product(engine, receiver.port());
  const TableSpec table = payments(1, SentChanges::kCreated);
  {
    Session cut_short(product, table);
    cut_short.fill({.upserts = {{"1", "a"}, {"2", "b"}}, .new_rows = 2});
  }
  Session session(product, table, 2);
  session.fill({.upserts = {{"1", "a"}}, .new_rows = 1});
  session.publish();
  must(session.commit({.upserts = {{"1", "a"}, {"2", "b"}}, .new_rows = 1}));
  CHECK(seen_by(receiver).subjects == std::map<std::string, int>{{"2 created", 1}});
}

CONFORMANCE("rows without a key are told apart by where they come from; sent once they need a key") {
  TableSpec table = payments(1, SentChanges::kCreated);
  table.identity = {plan::Identity::Kind::kBag, {}};
  const auto refused = find_engine(engine)->check_table(table);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "KeyRequired");
  table.push->changes = SentChanges::kAll;
  CHECK(find_engine(engine)->check_table(table).ok());
}

TEST_CASE("docs are what the suite runs") {
  targets_test::check_section(DOCUMENTS "/targets.md", "tests/unit/targets_push",
                              targets_test::conformance_table(pushed_engines()));
}

}  // namespace offtake::targets::push
