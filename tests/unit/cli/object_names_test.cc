// Which objects the words of a command line mean.
#include <doctest/doctest.h>

#include "controlplane/cli/connection.h"

namespace offtake::cli {
namespace {

std::string named(const std::string& kind, const std::vector<std::string>& names) {
  Arguments arguments;
  arguments.set("KIND", {kind});
  if (!names.empty()) arguments.set("NAME", names);
  arguments.set("namespace", {"retail"});
  const ApiClient client{ServerAddress{}};
  const auto objects = read_object_names(arguments, client);
  if (!objects) return objects.error().code;
  std::string out;
  for (const ObjectName& object : *objects) out += (out.empty() ? "" : ", ") + object.title();
  return out;
}

}  // namespace

TEST_CASE("names follow their kind, or carry it") {
  CHECK(named("dataset", {"orders"}) == "Dataset retail/orders");
  CHECK(named("product", {"a", "b"}) == "DataProduct retail/a, DataProduct retail/b");
  CHECK(named("dataset/orders", {}) == "Dataset retail/orders");
  CHECK(named("dataset/orders", {"product/a", "namespace/x"}) ==
        "Dataset retail/orders, DataProduct retail/a, Namespace x");
  CHECK(named("dataset", {}) == "NameMissing");
  CHECK(named("dataset/", {}) == "NameMissing");
  CHECK(named("datest", {"orders"}) == "UnknownKind");
  CHECK(named("dataset", {"orders", "product/a"}) == "BadName");
  CHECK(named("dataset/orders", {"refunds"}) == "BadName");
}

}  // namespace offtake::cli
