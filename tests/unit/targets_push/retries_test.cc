// What a receiver does not take: queues, tries again, parking.
#include "push_fixture.h"

namespace offtake::targets::push {

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
    return waiting(product).empty();
  });
  CHECK(seen_by(receiver).subjects["7 updated"] == 1);
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
    return waiting(product) == std::multimap<std::string, std::string>{{"1", "parked"}, {"2", "parked"}};
  });
  CHECK(seen_by(receiver).subjects["2 created"] == 5);
  must(session.commit(
      {.upserts = {{"1", "A"}, {"2", "B"}, {"3", "C"}}, .old_rows = {{"1", "a"}, {"2", "b"}, {"3", "c"}}}));
  must(session.target().tend());
  CHECK(seen_by(receiver).subjects ==
        std::map<std::string, int>{{"1 created", 1}, {"2 created", 5}, {"3 created", 1}, {"3 updated", 1}});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // longer than any delay: nothing comes of it
  must(session.target().tend());
  CHECK(seen_by(receiver).subjects["2 created"] == 5);
  CHECK(waiting(product) ==
        std::multimap<std::string, std::string>{{"1", "parked"}, {"1", "0"}, {"2", "parked"}, {"2", "0"}});
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
  CHECK(waiting(product) == std::multimap<std::string, std::string>{{"1", "3"}});
  // And said so.
  const auto told = session.target().tend();
  REQUIRE_FALSE(told.ok());
  // A function is there, and cuts the call off.
  CHECK(told.error().code == (engine == "http" ? "Unreachable" : "ConnectionLost"));
  CHECK(told.error().retry == base::Retry::kTransient);
  CHECK(told.error().message.find("tried again: 1") != std::string::npos);
}

TEST_CASE("a message that gets no answer costs one epoch its deadline, and the others nothing") {
  std::atomic<bool> hangs = true;
  std::atomic<int> tries = 0, failures = 1;
  http::Receiver receiver([&](const web::Request& request) {
    const auto subject = request.headers.get("ce-subject");
    if (subject == "hangs") {
      ++tries;
      for (int i = 0; hangs && i < 3'000; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return http::status(subject == "fails" && failures-- > 0 ? 503 : 200);
  });
  Product product("http", receiver.port());
  TableSpec table = payments(1, SentChanges::kAll);
  table.columns[0].type = types::TypeId::kText;
  table.push->max_attempts = 1'000;
  table.push->answer_timeout = 6'000'000;  // longer than its three tries may take together
  Session session(product, table);
  session.fill({});
  session.publish();
  const auto seconds_of = [](const auto& call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  CHECK(seconds_of([&] {
          must(session.commit({.upserts = {{"hangs", "1"}, {"good", "1"}, {"fails", "1"}}, .new_rows = 3}));
        }) < 9);
  CHECK(tries == 1);
  CHECK(waiting(product) == std::multimap<std::string, std::string>{{"hangs", "1"}});
  // While it is tried again, epochs go on, and so do the tries of others.
  wait_until([&] {
    must(session.target().tend());
    return tries == 2;
  });
  failures = 3;
  CHECK(seconds_of([&] {
          must(session.commit({.upserts = {{"hangs", "2"}, {"good", "2"}, {"fails", "2"}},
                               .old_rows = {{"hangs", "1"}, {"good", "1"}, {"fails", "1"}}}));
          CHECK(waiting(product).contains("fails"));
          wait_until([&] {
            must(session.target().tend());
            return !waiting(product).contains("fails");
          });
        }) < 4);
  CHECK(tries == 2);  // it is the same one still
  CHECK(seen_by(receiver).subjects["fails updated"] == 4);
  CHECK(seen_by(receiver).subjects["hangs updated"] == 0);
  hangs = false;
  wait_until([&] {
    must(session.target().tend());
    return waiting(product).empty();
  });
  CHECK(seen_by(receiver).subjects["hangs updated"] == 1);
}

TEST_CASE("a receiver that answers nobody is said so while it lasts") {
  std::atomic<bool> hangs = true;
  http::Receiver receiver([&](const web::Request&) {
    for (int i = 0; hangs && i < 3'000; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return http::status(200);
  });
  Product product("http", receiver.port());
  TableSpec table = payments(1, SentChanges::kCreated);
  table.push->max_attempts = 1'000;
  table.push->max_in_flight = 2;
  table.push->answer_timeout = 300'000;
  Session session(product, table);
  session.fill({});
  session.publish();
  Rows rows;
  for (int i = 0; i < 8; ++i) rows.upserts.push_back({std::to_string(i), "x"});
  rows.new_rows = rows.upserts.size();
  // The epoch ends with all of them in the queues, and is heard of meanwhile.
  int heard = 0;
  wait_until([&] {
    const auto done = session.commit(rows);
    if (!done) {
      ++heard;
      CHECK(done.error().code == "TimedOut");
      CHECK(done.error().retry == base::Retry::kTransient);
    }
    return done.ok();
  });
  CHECK(heard > 0);
  CHECK(waiting(product).size() == 8);
  const auto told = session.target().tend();
  REQUIRE_FALSE(told.ok());
  CHECK(told.error().code == "TimedOut");
  hangs = false;
  wait_until([&] {
    (void)session.target().tend();
    return waiting(product).empty();
  });
  must(session.target().tend());
  CHECK(seen_by(receiver).ids.size() == 8);
}

CONFORMANCE("what was not taken is listed, tried again when that is asked for, and left out for good") {
  using Verb = LedgerCommand::Verb;
  std::atomic<bool> good = false;
  http::Receiver receiver([&](const web::Request& request) {
    return http::status(good || request.headers.get("ce-subject") == "3" ? 200 : 422);
  });
  Product product(engine, receiver.port());
  Session session(product, payments(1, SentChanges::kAll));
  session.fill({});
  session.publish();
  must(session.commit({.upserts = {{"1", "a"}, {"2", "b"}, {"3", "c"}}, .new_rows = 3}));
  must(session.commit({.upserts = {{"1", "A"}}, .old_rows = {{"1", "a"}}}));
  const auto listed = [&] {
    std::set<std::string> out;
    for (const auto& [id, entry] : session.target().outputs())
      out.insert(fmt::format("{} {}", entry.key, to_string(entry.status)));
    return out;
  };
  CHECK(listed() == std::set<std::string>{"1 Parked", "1 Waiting", "2 Parked"});
  const auto in_vain = must(session.target().carry_out({Verb::kReplay, {}, "1", "", false}));
  CHECK(in_vain.replayed == 0);
  CHECK(in_vain.still_parked == 1);
  CHECK(in_vain.notes.front().find("422") != std::string::npos);
  good = true;
  const auto healed = must(session.target().carry_out({Verb::kReplay, {}, "1", "", false}));
  CHECK(healed.replayed == 2);
  CHECK(healed.still_parked == 0);
  CHECK(must(session.target().carry_out({Verb::kDiscard, {}, "", "", true})).discarded == 1);
  CHECK(listed().empty());
  // Nothing of it comes back.
  Session next(product, payments(1, SentChanges::kAll), 2);
  next.take_over();
  must(next.target().tend());
  CHECK(seen_by(receiver).subjects ==
        std::map<std::string, int>{{"1 created", 3}, {"1 updated", 1}, {"2 created", 1}, {"3 created", 1}});
}

}  // namespace offtake::targets::push
