// Streams over a real store: what is told, in which order, to whom, and how they end.
#include <doctest/doctest.h>

#include <latch>

#include "base/http/router.h"
#include "controlplane/console/object_watch.h"
#include "controlplane/console/product_poller.h"
#include "controlplane/console/stream_handler.h"
#include "controlplane/store/embedded_store.h"

using namespace offtake;
using namespace offtake::console;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<store::EmbeddedStore> open_store(std::size_t ring = 2048) {
  store::StoreOptions options;
  options.path = ":memory:";
  options.secret_key = std::string(32, 'k');
  options.ring_events = ring;
  auto store = store::EmbeddedStore::open(options);
  REQUIRE(store.ok());
  return *std::move(store);
}

json::Value event_store(const std::string& name, const std::string& note) {
  return json::parse(fmt::format(
                         R"({{"apiVersion": "offtake.dev/v1alpha1", "kind": "EventStore",
                              "metadata": {{"name": "{}", "annotations": {{"note": "{}"}}}},
                              "spec": {{"embedded": {{}}, "registry": {{"embedded": {{}}}}}}}})",
                         name, note))
      .value();
}

void apply(store::ResourceClient& client, const json::Value& object) {
  auto written = client.apply(object);
  if (!written) FAIL(written.error().text());
}

// A stream's other end, in memory: what it got, and how slowly it takes it.
class Reader : public http::StreamWriter {
 public:
  bool write(std::string_view bytes) override {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop_.get_token(), [&] { return !held_; })) return false;
    if (gone_) return false;
    text_ += bytes;
    changed_.notify_all();
    return true;
  }
  bool alive() override {
    const std::lock_guard lock(mutex_);
    return !gone_ && !stop_.stop_requested();
  }
  std::stop_token stop_token() const override { return stop_.get_token(); }

  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  void go() {
    const std::lock_guard lock(mutex_);
    gone_ = true;
  }
  void stop() { stop_.request_stop(); }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  bool wait_for(const std::string& part, std::chrono::milliseconds patience = 10s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return text_.find(part) != std::string::npos; });
  }
  std::size_t count(const std::string& part) const {
    const std::string all = text();
    std::size_t out = 0;
    for (std::size_t at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) ++out;
    return out;
  }
  std::string last_id() const {
    const std::string all = text();
    const std::size_t at = all.rfind("id: ");
    return at == std::string::npos ? "" : all.substr(at + 4, all.find('\n', at) - at - 4);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string text_;
  bool held_ = false, gone_ = false;
  std::stop_source stop_;
};

// A console without HTTP around it.
class Streams {
 public:
  explicit Streams(std::chrono::milliseconds heartbeat = 15s, ChangeLog::Rules rules = {})
      : hub(base::system_clock(), rules) {
    StreamContext context;
    context.hub = &hub;
    context.sessions = &sessions;
    context.build = "0123456789abcdef";
    context.heartbeat = heartbeat;
    add_stream_route(router_, context);
  }

  http::Response open(const std::string& target, http::Headers headers = {}) {
    http::Request request;
    request.method = "GET";
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    request.query = http::decode_query(target.substr(target.find('?') + 1));
    request.headers = std::move(headers);
    return router_.handle(request);
  }
  // Returns once the stream has begun.
  std::jthread follow(Reader& reader, const std::string& topics, http::Headers headers = {}) {
    http::Response response = open("/offtake/v1/stream?topics=" + topics, std::move(headers));
    REQUIRE(response.status == 200);
    REQUIRE(response.stream);
    std::jthread thread([&reader, stream = response.stream] { stream(reader); });
    REQUIRE(reader.wait_for("\ndata: "));
    return thread;
  }

  auth::Sessions sessions{in_memory()};
  Hub hub;

 private:
  static auth::Sessions::Settings in_memory() {
    auth::Sessions::Settings out;
    out.token = "secret-token-of-the-test";
    out.installation = "an installation";
    return out;
  }

  http::Router router_;
};

}  // namespace

TEST_CASE("what changes is told to those who follow it, without managed fields") {
  const auto store = open_store();
  Streams streams;
  apply(*store, event_store("before", "x"));
  const ObjectWatch watch(*store, streams.hub, [](const ProductName&) {});
  Reader stores, classes;
  const std::jthread a = streams.follow(stores, "eventstores,datasets"),
                     b = streams.follow(classes, "targetclasses");
  CHECK(stores.text().find("retry: 1000\n\nid: ") == 0);
  CHECK(stores.text().find("event: ready\ndata: {\"resumed\":false,\"build\":\"0123456789abcdef\"}\n\n") !=
        std::string::npos);
  apply(*store, event_store("new", "line 1\\nline 2"));
  REQUIRE(stores.wait_for("event: changed\ndata: {\"topic\":\"eventstores\",\"id\":\"new\",\"object\":{"));
  CHECK(stores.wait_for("line 1\\nline 2"));
  CHECK(stores.count("managedFields") == 0);
  CHECK(stores.count("\"id\":\"before\"") == 0);
  REQUIRE(store->remove(resources::kind_of<resources::EventStore>(), "", "new").ok());
  CHECK(stores.wait_for("event: removed\ndata: {\"topic\":\"eventstores\",\"id\":\"new\"}\n\n"));
  CHECK(classes.count("eventstores") == 0);
  stores.stop();
  classes.stop();
}

TEST_CASE("a burst on one object: few events, the last one among them") {
  const auto store = open_store();
  Streams streams;
  const ObjectWatch watch(*store, streams.hub, [](const ProductName&) {});
  Reader reader;
  const std::jthread thread = streams.follow(reader, "eventstores");
  const auto started = std::chrono::steady_clock::now();
  for (int i = 0; i <= 200; ++i) apply(*store, event_store("busy", fmt::format("note-{}.", i)));
  CHECK(reader.wait_for("note-200."));
  const auto took = std::chrono::steady_clock::now() - started;
  CHECK(reader.count("event: changed") <= static_cast<std::size_t>(took / 500ms) + 2);
  reader.stop();
}

TEST_CASE("a stream goes on where it broke off, or says that it cannot") {
  const auto store = open_store();
  Streams streams(15s, {.most_bytes = 40'000});
  const ObjectWatch watch(*store, streams.hub, [](const ProductName&) {});
  std::string id;
  {
    Reader reader;
    const std::jthread thread = streams.follow(reader, "eventstores");
    apply(*store, event_store("a", "first"));
    REQUIRE(reader.wait_for("first"));
    id = reader.last_id();
    reader.stop();
  }
  apply(*store, event_store("b", "missed"));
  apply(*store, event_store("a", "second"));
  for (const http::Headers& headers : {http::Headers{{"Last-Event-ID", id}}, http::Headers{}}) {
    Reader reader;
    const std::jthread thread = streams.follow(
        reader, headers.has("Last-Event-ID") ? "eventstores" : "eventstores&after=" + id, headers);
    CHECK(reader.wait_for("missed"));
    CHECK(reader.wait_for("second"));
    CHECK(reader.count("first") == 0);
    CHECK(reader.text().find("event: ready\ndata: {\"resumed\":true") != std::string::npos);
    reader.stop();
  }
  for (const std::string& unknown :
       {std::string("0123456789abcdef-1"), std::string("nonsense"), id + "999"}) {
    CAPTURE(unknown);
    Reader reader;
    const std::jthread thread = streams.follow(reader, "eventstores", {{"Last-Event-ID", unknown}});
    CHECK(reader.text().find("event: reset\ndata: {\"build\":") != std::string::npos);
    CHECK(reader.count("event: ready") == 0);
    reader.stop();
  }
  // More than is kept came since.
  for (int i = 0; i < 200; ++i) apply(*store, event_store(fmt::format("store-{}", i), std::string(300, 'x')));
  Reader late;
  const std::jthread thread = streams.follow(late, "eventstores", {{"Last-Event-ID", id}});
  CHECK(late.wait_for("event: reset"));
  late.stop();
  CHECK(streams.hub.bytes() <= 40'000);
}

TEST_CASE("who takes nothing holds nobody up, and gets the last state or is told to fetch it") {
  const auto store = open_store();
  Streams streams(15s, {.most_bytes = 60'000});
  const ObjectWatch watch(*store, streams.hub, [](const ProductName&) {});
  Reader slow, quick;
  const std::jthread a = streams.follow(slow, "eventstores"), b = streams.follow(quick, "eventstores");
  slow.hold(true);
  for (int i = 0; i < 30; ++i)
    apply(*store, event_store(fmt::format("store-{}", i % 3), fmt::format("note-{}.", i)));
  for (const char* last : {"note-27.", "note-28.", "note-29."}) CHECK(quick.wait_for(last));
  slow.hold(false);
  for (const char* last : {"note-27.", "note-28.", "note-29."}) CHECK(slow.wait_for(last));
  CHECK(slow.count("event: reset") == 0);
  slow.hold(true);
  for (int i = 0; i < 200; ++i) {
    apply(*store, event_store(fmt::format("many-{}", i), std::string(300, 'y')));
    // So that the quick one is: it has read what the log has no room for any more.
    if (i % 10 == 9) CHECK(quick.wait_for(fmt::format("\"id\":\"many-{}\"", i)));
  }
  CHECK(quick.count("event: reset") == 0);
  CHECK(streams.hub.bytes() <= 60'000);
  slow.hold(false);
  CHECK(slow.wait_for("event: reset"));
  apply(*store, event_store("after", "the-reset"));
  CHECK(slow.wait_for("the-reset"));
  slow.stop();
  quick.stop();
}

TEST_CASE(
    "a store that forgets what came since is listed again: what differs is told, what is gone as well") {
  // The store's ring has room for one change, so a watch that looks a moment too late has missed some.
  const auto store = open_store(1);
  Streams streams;
  const ObjectWatch watch(*store, streams.hub, [](const ProductName&) {});
  Reader reader;
  const std::jthread thread = streams.follow(reader, "eventstores");
  for (int i = 0; i < 50; ++i) apply(*store, event_store(fmt::format("store-{}", i), "there"));
  for (int i = 0; i < 50; ++i) CHECK(reader.wait_for(fmt::format("\"id\":\"store-{}\",\"object\"", i)));
  for (int i = 0; i < 50; ++i)
    REQUIRE(store->remove(resources::kind_of<resources::EventStore>(), "", fmt::format("store-{}", i)).ok());
  for (int i = 0; i < 50; ++i)
    CHECK(reader.wait_for(
        fmt::format("event: removed\ndata: {{\"topic\":\"eventstores\",\"id\":\"store-{}\"}}", i)));
  reader.stop();
}

TEST_CASE("quiet streams have a heartbeat, whose id spares them a reset") {
  Streams streams(100ms);
  Reader reader;
  const std::jthread thread = streams.follow(reader, "datasets");
  REQUIRE(reader.wait_for("event: heartbeat\ndata: {\"at\":\"2"));
  streams.hub.changed("eventstores", "x", "{}");
  const std::string id = streams.hub.subscribe({"datasets"}, "")->position();
  CHECK(reader.wait_for("id: " + id + "\nevent: heartbeat"));
  reader.go();
}

TEST_CASE("a stream ends with its session, and with nobody else's") {
  Streams streams;
  const auth::Session mine = streams.sessions.begin(), other = streams.sessions.begin();
  streams.sessions.set_on_end([&] { streams.hub.wake_all(); });
  const auto cookie = [&](const auth::Session& session) {
    const std::string text = streams.sessions.cookie(session, {});
    return http::Headers{{"Cookie", text.substr(0, text.find(';'))}};
  };
  Reader a, b, by_token;
  std::jthread first = streams.follow(a, "datasets", cookie(mine));
  const std::jthread second = streams.follow(b, "datasets", cookie(other));
  const std::jthread third = streams.follow(by_token, "datasets", {{"Authorization", "Bearer x"}});
  streams.sessions.end(mine);
  CHECK(a.wait_for("event: end\ndata: {\"reason\":\"SignedOut\"}\n\n", 3s));
  first.join();
  streams.hub.changed("datasets", "r/x", "{}");
  CHECK(b.wait_for("event: changed"));
  CHECK(by_token.wait_for("event: changed"));
  b.stop();
  by_token.stop();
}

TEST_CASE("a product is looked at while somebody follows it, and by nobody else") {
  Streams streams;
  std::atomic<int> looks = 0, others = 0;
  std::atomic<int> state = 0;
  std::latch frozen_ends(1);
  ProductPoller poller(
      streams.hub,
      [&](const ProductName& product) -> base::Result<std::optional<std::string>> {
        if (product.name == "frozen") {
          frozen_ends.wait();
          return std::optional<std::string>("{}");
        }
        if (product.name == "gone") return std::optional<std::string>();
        if (product.name == "away") return base::transient("Unreachable", "not now");
        if (product.name == "other") {
          ++others;
          others.notify_all();
          return std::optional<std::string>("{}");
        }
        ++looks;
        return std::optional(fmt::format("{{\"state\":{}}}", state.load()));
      },
      20ms, 2);
  streams.hub.set_followers({[&](const ProductName& product) { poller.follow(product); },
                             [&](const ProductName& product) { poller.leave(product); }});
  CHECK(looks == 0);
  {
    Reader frozen, gone, first, second;
    const std::jthread f = streams.follow(frozen, "dataproduct/r/frozen,dataproduct/r/away");
    const std::jthread g = streams.follow(gone, "dataproduct/r/gone");
    const std::jthread a = streams.follow(first, "dataproduct/r/x");
    CHECK(gone.wait_for("event: removed\ndata: {\"topic\":\"dataproduct/r/gone\",\"id\":\"r/gone\"}"));
    CHECK(first.wait_for("{\"state\":0}"));
    // Who comes later hears how it is at once, though it does not change.
    const std::jthread b = streams.follow(second, "dataproduct/r/x");
    CHECK(second.wait_for("{\"state\":0}"));
    state = 1;
    poller.poke({"r", "x"});
    CHECK(first.wait_for("{\"state\":1}"));
    CHECK(second.wait_for("{\"state\":1}"));
    CHECK(first.count("{\"state\":1}") == 1);
    CHECK(frozen.count("event: changed") == 0);
    frozen_ends.count_down();
    CHECK(frozen.wait_for("event: changed"));
    for (Reader* reader : {&frozen, &gone, &first, &second}) reader->stop();
  }
  // A look that was under way when the last one left is over by the time that another product had some.
  Reader other;
  std::jthread o = streams.follow(other, "dataproduct/r/other");
  const auto wait_for_others = [&](int count) {
    for (int seen = others; seen < count; seen = others) others.wait(seen);
  };
  wait_for_others(3);
  const int before = looks;
  wait_for_others(10);
  CHECK(looks == before);
  other.stop();
  o.join();
  CHECK(streams.hub.bytes() == 0);
  Reader again;
  const std::jthread c = streams.follow(again, "dataproduct/r/x");
  CHECK(again.wait_for("{\"state\":1}"));
  again.stop();
}

TEST_CASE("topics that are none are refused") {
  Streams streams;
  CHECK(streams.open("/offtake/v1/stream?topics=secrets").status == 400);
  CHECK(streams.open("/offtake/v1/stream?").status == 400);
  const http::Response fine = streams.open("/offtake/v1/stream?topics=datasets");
  CHECK(fine.headers.get("Content-Type") == "text/event-stream");
  CHECK(fine.headers.get("Cache-Control") == "no-store, no-transform");
}
