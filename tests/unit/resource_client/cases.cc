#include "cases.h"

#include <deque>

#include "base/id.h"
#include "base/yaml/node.h"

namespace offtake::resource_client_test {
namespace {

struct Case {
  std::string what, file;
  std::string_view backing_name;
  std::function<void(World&)> run;
};

std::deque<Case>& all() {
  static std::deque<Case> cases;
  return cases;
}

void run_case(std::size_t number) {
  const Case& one = all().at(number);
  Backing& on = backing(one.backing_name);
  World world{one.backing_name, on, on.client(), "rc-" + base::random_id().substr(0, 12)};
  const auto made = world.client.create(json::Object{
      {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", json::Object{{"name", world.space}}}});
  if (!made) FAIL("no namespace: " << made.error().text());
  one.run(world);
}

// doctest calls functions without arguments: one for each number.
template <std::size_t Number>
void run_numbered() {
  run_case(Number);
}
template <std::size_t... Numbers>
constexpr auto make_numbered(std::index_sequence<Numbers...>) {
  return std::array<void (*)(), sizeof...(Numbers)>{run_numbered<Numbers>...};
}
constexpr auto kNumbered = make_numbered(std::make_index_sequence<1024>());

}  // namespace

bool declare_case(std::string what, std::string file, int line, std::function<void(World&)> run,
                  const std::function<bool(std::string_view backing)>& is_on) {
  int index = 0;
  for (const std::string_view name : backings()) {
    if (is_on && !is_on(name)) continue;
    const std::size_t number = all().size();
    const Case& made = all().emplace_back(Case{what, file, name, run});
    doctest::detail::TestCase registered(kNumbered.at(number), made.file.c_str(), static_cast<unsigned>(line),
                                         {}, doctest::String(name.data(), static_cast<unsigned>(name.size())),
                                         index++);
    doctest::detail::regTest(registered * made.what.c_str());
  }
  return true;
}

json::Value whole_object(const World& world, json::Value shorthand) {
  const std::string kind_name = shorthand.string_or("kind");
  json::Value out = json::Value::object();
  for (const resources::Kind* kind : resources::all_kinds()) {
    if (kind->kind != kind_name) continue;
    out.set("apiVersion", kind->api_version());
    out.set("kind", kind->kind);
    json::Value& metadata = out.set("metadata", json::Value::object());
    if (const json::Value* name = shorthand.find("name"); name != nullptr) metadata.set("name", *name);
    if (kind->namespaced) metadata.set("namespace", world.space);
    if (const json::Value* more = shorthand.find("metadata"); more != nullptr && more->is_object()) {
      for (const auto& [member, value] : more->as_object()) metadata.set(member, value);
    }
    for (const auto& [member, value] : shorthand.as_object()) {
      if (member != "name" && member != "metadata" && member != "kind") out.set(member, value);
    }
  }
  if (out.as_object().empty()) FAIL("there is no kind " << kind_name);
  return out;
}

json::Value from_yaml(const World& world, std::string_view yaml) {
  const auto documents = yaml::parse(yaml);
  if (!documents) FAIL(documents.error().text());
  return whole_object(world, yaml::to_json(documents->at(0).root));
}

json::Value product(const World& world, std::string_view name, std::string_view owner) {
  json::Value out = from_yaml(world, "kind: DataProduct\nspec: {sql: SELECT 1}");
  out.find("metadata")->set("name", name);
  if (!owner.empty()) out.find("spec")->set("owner", owner);
  return out;
}

const resources::Kind& products() {
  return resources::kind_of<resources::DataProduct>();
}

}  // namespace offtake::resource_client_test
