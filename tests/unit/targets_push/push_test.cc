// A push target against a receiver over HTTP: what is sent, once, and by whom.
#include "push_fixture.h"

namespace offtake::targets::push {

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
