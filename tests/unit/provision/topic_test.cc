// A topic and a journal per product, on an embedded log.
#include <doctest/doctest.h>

#include "base/files/files.h"
#include "operators/provision/provisioner.h"
#include "operators/sources/embedded/store.h"

namespace offtake::provision {
namespace {

class Log {
 public:
  Log() : directory_(*files::TempDir::make("offtake-provision-topic")) {
    sources::embedded::LogOptions options;
    options.dir = (directory_.path() / "events").string();
    auto log = sources::embedded::Log::open(options);
    REQUIRE(log.ok());
    store = sources::embedded::make_store(std::shared_ptr<sources::embedded::Log>(*std::move(log)));
  }
  std::unique_ptr<Provisioner> provisioner(std::map<std::string, std::string> parameters = {}) const {
    ProvisionerSettings settings;
    settings.engine = "topic";
    settings.event_store = "main";
    settings.events = store;
    settings.parameters = std::move(parameters);
    auto made = make_provisioner(settings);
    REQUIRE(made.ok());
    return *std::move(made);
  }
  std::shared_ptr<sources::EventStore> store;

 private:
  files::TempDir directory_;
};

ProductTarget product(const std::string& uid, const std::string& name = "totals") {
  return {"installation", uid, "retail", "the-totals", name};
}

}  // namespace

TEST_CASE("a topic and a journal are made once, and go with the product") {
  const Log log;
  auto provisioner = log.provisioner({{"partitions", "3"}});
  REQUIRE(provisioner->check().ok());
  for (int turn = 0; turn < 2; ++turn) {
    auto made = provisioner->ensure(product("a"), {});
    REQUIRE_MESSAGE(made.ok(), made.error().text());
    CHECK(made->writer.engine == "topic");
    CHECK(made->writer.store == "main");
    CHECK(made->writer.topic == "retail.totals");
    CHECK(made->endpoint_object == "retail.totals");
  }
  auto topic = log.store->describe("retail.totals");
  REQUIRE(topic.ok());
  CHECK(topic->partitions == 3);
  CHECK(topic->cleanup == sources::CleanupPolicy::kCompact);
  CHECK(log.store->list_topics()->size() == 2);
  auto controls = provisioner->controls(product("a"));
  REQUIRE(controls.ok());
  CHECK(controls->empty());

  REQUIRE(provisioner->remove(product("a"), false).ok());
  REQUIRE(provisioner->remove(product("a"), false).ok());
  CHECK(log.store->list_topics()->empty());
}

TEST_CASE("a topic that is there already, or another product's, is never taken") {
  const Log log;
  auto provisioner = log.provisioner();
  sources::TopicSpec spec;
  spec.topic = "retail.totals";
  REQUIRE(log.store->create_topic(spec).ok());
  const auto squatted = provisioner->ensure(product("a"), {});
  REQUIRE(!squatted.ok());
  CHECK(squatted.error().code == "TargetNameTaken");
  CHECK(log.store->list_topics()->size() == 1);  // nothing was made

  REQUIRE(provisioner->ensure(product("b", "others"), {}).ok());
  const auto other = provisioner->ensure(product("c", "others"), {});
  REQUIRE(!other.ok());
  CHECK(other.error().code == "TargetNameTaken");
  // Removing the one that never had it leaves it.
  REQUIRE(provisioner->remove(product("c", "others"), false).ok());
  CHECK(log.store->describe("retail.others").ok());
}

TEST_CASE("what is retained keeps its records") {
  const Log log;
  auto provisioner = log.provisioner();
  REQUIRE(provisioner->ensure(product("a"), {}).ok());
  REQUIRE(provisioner->remove(product("a"), true).ok());
  CHECK(*log.store->list_topics() == std::vector<std::string>{"retail.totals"});
  const auto next = provisioner->ensure(product("b"), {});
  REQUIRE(!next.ok());
  CHECK(next.error().code == "TargetNameTaken");
}

TEST_CASE("a fence is there before its worker, and goes with its revision") {
  const Log log;
  auto provisioner = log.provisioner();
  REQUIRE(provisioner->ensure(product("a"), {}).ok());
  REQUIRE(provisioner->fence(product("a"), 3).ok());
  auto controls = provisioner->controls(product("a"));
  REQUIRE(controls.ok());
  REQUIRE(controls->size() == 1);
  CHECK(controls->front().revision == 3);
  CHECK(controls->front().phase == targets::Phase::kFenced);
  REQUIRE(provisioner->drop_revision(product("a"), 3).ok());
  REQUIRE(provisioner->drop_revision(product("a"), 3).ok());
  CHECK(provisioner->controls(product("a"))->empty());
}

TEST_CASE("parameters that are no counts") {
  const Log log;
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"partitions", "0"}, {"replicas", "two"}, {"partitions ", "1"}, {"colour", "1"}}) {
    ProvisionerSettings settings;
    settings.engine = "topic";
    settings.events = log.store;
    settings.parameters = {{name, value}};
    const auto made = make_provisioner(settings);
    REQUIRE(!made.ok());
    CHECK(made.error().code == "BadParameter");
  }
}

}  // namespace offtake::provision
