// Laws of server-side apply, on random scripts of several managers.
#include <random>

#include "controlplane/store/structured.h"
#include "store_fixture.h"

using namespace offtake;
using namespace offtake::store;

namespace {

class Script {
 public:
  explicit Script(unsigned seed) : random_(seed) {}

  std::size_t pick(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }
  bool coin() { return pick(2) == 0; }

  // Some of the fields that a Dataset may have, with one of a few values each.
  json::Value config() {
    json::Value spec = json::Value::object();
    if (coin()) spec.set("owner", value());
    if (coin()) spec.set("description", value());
    if (coin()) spec.set("key", json::Object{{"columns", json::Array{value()}}});
    if (coin()) {
      json::Value tags = json::Value::array();
      for (const char* tag : {"a", "b", "c"}) {
        if (coin()) tags.push_back(tag);
      }
      if (!tags.as_array().empty()) spec.set("tags", std::move(tags));
    }
    if (coin()) {
      json::Value columns = json::Value::array();
      for (const char* path : {"p", "q"}) {
        if (!coin()) continue;
        json::Value column = json::Object{{"path", path}};
        if (coin()) column.set("description", value());
        if (coin()) column.set("classification", value());
        columns.push_back(std::move(column));
      }
      if (!columns.as_array().empty()) spec.set("columns", std::move(columns));
    }
    json::Value metadata = json::Object{{"name", "d"}, {"namespace", "default"}};
    if (coin()) metadata.set("labels", json::Object{{"l", value()}});
    json::Value out = head(std::move(metadata));
    if (!spec.as_object().empty()) out.set("spec", std::move(spec));
    return out;
  }

  static json::Value head(json::Value metadata) {
    return json::Object{
        {"apiVersion", "offtake.dev/v1alpha1"}, {"kind", "Dataset"}, {"metadata", std::move(metadata)}};
  }

 private:
  std::string value() { return std::string(1, static_cast<char>('u' + pick(3))); }

  std::mt19937 random_;
};

const resources::Kind& dataset_kind() {
  return resources::kind_of<resources::Dataset>();
}

// What a manager applied is there, and every set names only what is there.
void check_laws(const json::Value& config, const json::Value& object) {
  for (const FieldPath& path : fields_of(dataset_kind(), config).paths()) {
    CAPTURE(path_text(path));
    const json::Value& wanted = value_of(dataset_kind(), config, path);
    if (path.back()[0] == 'f') CHECK(value_of(dataset_kind(), object, path) == wanted);
    if (path.back()[0] != 'f') CHECK_FALSE(value_of(dataset_kind(), object, path).is_null());
  }
  for (const FieldManager& manager : read_managers(object.at({"metadata", "managedFields"}))) {
    for (const FieldPath& path : manager.fields.paths()) {
      CAPTURE(manager.name + " " + path_text(path));
      CHECK_FALSE(value_of(dataset_kind(), object, path).is_null());
    }
  }
}

}  // namespace

TEST_CASE("apply: what is applied is there, twice is once, and all that was applied can be taken back") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    StoreFixture f;
    Script script(seed);
    const json::Value base = yaml_object(
        "apiVersion: offtake.dev/v1alpha1\nkind: Dataset\nmetadata: {name: d, namespace: default}\n"
        "spec: {type: Event, source: {eventStoreName: m, topic: t}}");
    ApplyOptions options;
    options.field_manager = "base";
    auto first = f.store->apply(base, options);
    REQUIRE(first.ok());
    for (int step = 0; step < 15; ++step) {
      options.field_manager = std::string(1, static_cast<char>('a' + script.pick(3)));
      options.force = script.coin();
      const json::Value config = script.config();
      const json::Value before = *f.store->get(dataset_kind(), "default", "d");
      auto written = f.store->apply(config, options);
      if (!written) {
        // A conflict, and only without force; nothing has changed.
        CAPTURE(written.error().text());
        CAPTURE(json::dump(before));
        CAPTURE(json::dump(config));
        CHECK(written.error().code == "Conflict");
        CHECK_FALSE(options.force);
        CHECK(*f.store->get(dataset_kind(), "default", "d") == before);
        continue;
      }
      CAPTURE(json::dump(config));
      check_laws(config, written->object);
      auto again = f.store->apply(config, options);
      REQUIRE(again.ok());
      CHECK_FALSE(again->changed);
    }
    for (const char* manager : {"a", "b", "c"}) {
      options.field_manager = manager;
      options.force = false;
      REQUIRE(
          f.store->apply(Script::head(json::Object{{"name", "d"}, {"namespace", "default"}}), options).ok());
    }
    const json::Value left = *f.store->get(dataset_kind(), "default", "d");
    CHECK(left["spec"] == first->object["spec"]);
    CHECK(left.at({"metadata", "labels"}).is_null());
    CHECK(left.at({"metadata", "managedFields"}).as_array().size() == 1);
  }
}
