// What a stream may follow. Pure.
//
//   datasets dataproducts eventstores targetclasses   all objects of the kind
//   dataproduct/NS/NAME                               one product with its progress
//   events/NS/NAME                                    Kubernetes Events about it
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "controlplane/resources/kind.h"

namespace offtake::console {

using Topics = std::set<std::string, std::less<>>;

// "a,b,c"; at most 64. Code BadRequest.
base::Result<Topics> read_topics(std::string_view text);

// The kinds whose objects have a topic of their own, which is their plural.
const std::vector<const resources::Kind*>& kinds_with_topic();

struct ProductName {
  std::string namespace_name, name;
  std::string key() const { return namespace_name + "/" + name; }
  friend auto operator<=>(const ProductName&, const ProductName&) = default;
};
// Of "dataproduct/NS/NAME"; absent for other topics.
std::optional<ProductName> product_of(std::string_view topic);
std::string product_topic(const ProductName& product);
std::string events_topic(const ProductName& product);

}  // namespace offtake::console
