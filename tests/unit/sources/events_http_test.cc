// POST /offtake/v1/events, handler and forms.
#include "operators/sources/embedded/events_http.h"

#include "base/crypto/crypto.h"
#include "conformance.h"
#include "operators/sources/embedded/events_body.h"
#include "operators/sources/embedded/store.h"
#include "scratch.h"

namespace offtake::sources::embedded {
namespace {

using conformance::must;

struct Fixture {
  Scratch scratch;
  std::shared_ptr<Log> log;
  Fixture() {
    LogOptions options;
    options.dir = scratch.path("events");
    log = must(Log::open(options));
    TopicSpec spec;
    spec.topic = "t";
    spec.partitions = 3;
    must(log->create_topic(spec));
  }

  http::Response post(std::string body, std::string_view type = "application/json",
                      std::string_view topic = {}) {
    http::Request request;
    request.method = "POST";
    request.path = "/offtake/v1/events";
    request.headers.set("Content-Type", type);
    if (!topic.empty()) request.query.emplace_back("topic", topic);
    request.body = std::move(body);
    return post_events(*log, request);
  }
  std::vector<conformance::Kept> all() { return conformance::read_all(*make_store(log), "t"); }
};

}  // namespace

TEST_CASE("events come in as JSON") {
  Fixture fixture;
  const auto response = fixture.post(
      R"({"topic":"t","records":[{"key":"k\u00e4\n","value":"one","partition":1,"timestampMs":1700000000000},)"
      R"({"keyBase64":"AAE=","valueBase64":"/w==","partition":1},{"key":"gone","value":null,"partition":1},)"
      R"({"partition":2}]})",
      "application/json; charset=utf-8");
  CHECK(response.status == 200);
  CHECK(response.body ==
        R"({"offsets":[{"partition":1,"first":0,"count":3},{"partition":2,"first":0,"count":1}]})");
  const auto all = fixture.all();
  REQUIRE(all.size() == 4);
  std::map<std::pair<int, Offset>, conformance::Kept> by_place;
  for (const auto& each : all) by_place[{each.partition, each.offset}] = each;
  CHECK(by_place[{1, 0}].key == "kä\n");
  CHECK(by_place[{1, 0}].value == "one");
  CHECK(by_place[{1, 0}].timestamp_ms == 1'700'000'000'000);
  CHECK(by_place[{1, 1}].key == std::string("\0\1", 2));
  CHECK(by_place[{1, 1}].value == "\xff");
  CHECK(by_place[{1, 2}].key == "gone");
  CHECK(!by_place[{1, 2}].value);
  CHECK(!by_place[{2, 0}].key);
  CHECK(fixture.post(R"({"records":[{"value":"v"}],"topic":"t"})").status == 200);
  CHECK(fixture.post(R"({"topic":"t","records":[]})").body == R"({"offsets":[]})");
}

TEST_CASE("events come in as length-prefixed records") {
  Fixture fixture;
  std::string body;
  NewRecordView record;
  record.key = "key";
  record.value = std::string_view("\0value", 6);
  record.partition = 2;
  record.timestamp_ms = 1'700'000'000'000;
  append_binary_record(body, record);
  append_binary_record(body, {std::nullopt, std::nullopt, 2, -1});
  const auto response = fixture.post(body, kRecordsMediaType, "t");
  CHECK(response.status == 200);
  CHECK(response.body == R"({"offsets":[{"partition":2,"first":0,"count":2}]})");
  const auto all = fixture.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].key == "key");
  CHECK(all[0].value == std::string("\0value", 6));
  CHECK(all[0].timestamp_ms == 1'700'000'000'000);
  CHECK(!all[1].value);
  for (std::size_t size = 1; size < body.size(); ++size) {
    if (size == 29) continue;  // a whole record
    const auto cut = fixture.post(body.substr(0, size), kRecordsMediaType, "t");
    CHECK(cut.status == 400);
  }
  CHECK(fixture.post(body, kRecordsMediaType).status == 400);
}

TEST_CASE("what is wrong with events is said, and none of them is written") {
  Fixture fixture;
  struct Case {
    std::string body;
    int status;
    std::string message;
  };
  for (const Case& each : std::vector<Case>{
           {R"({"topic":"nope","records":[{"value":"v"}]})", 404,
            "topic 'nope' does not exist in the embedded event log"},
           {R"({"topic":"t","records":[{"value":"v"},{"valeu":"v"}]})", 400,
            "records[1]: unknown field 'valeu'; possible are key, keyBase64, value, valueBase64, partition, "
            "timestampMs"},
           {R"({"topic":"t","records":[{"value":{"a":1}}]})", 400,
            "records[0]: 'value' must be a string or null"},
           {R"({"topic":"t","records":[{"value":"v","partition":3}]})", 400,
            "record 0: topic 't' has no partition 3, it has 3"},
           {R"({"topic":"t","records":[{"value":"v","partition":-1}]})", 400,
            "records[0]: 'partition' must be a whole number from 0 to 1048576"},
           {R"({"topic":"t","records":[{"valueBase64":"?"}]})", 400,
            "records[0]: 'valueBase64' is no base64"},
           {R"({"topic":"t","records":[7]})", 400, "records[0]: must be an object"},
           {R"({"topic":"t","records":{}})", 400, "'records' must be an array"},
           {R"({"topic":"t"})", 400, "'records' is missing"},
           {R"({"records":[]})", 400, "'topic' is missing"},
           {R"([])", 400, "the body must be an object with topic and records"},
           {R"({"topic":"t","records":[]} x)", 400, ""},
           {R"({"topic":"t","records":[{"value":"v"})", 400, ""},
           {"", 400, ""},
       }) {
    const auto response = fixture.post(each.body);
    CHECK_MESSAGE(response.status == each.status, each.body, " -> ", response.body);
    CHECK_MESSAGE(response.body.find(each.message) != std::string::npos, response.body);
  }
  const auto type = fixture.post("<xml/>", "text/xml");
  CHECK(type.status == 415);
  CHECK(fixture.all().empty());
}

}  // namespace offtake::sources::embedded
