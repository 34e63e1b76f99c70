#include "operators/kubernetes/resource_type.h"

#include "base/http/message.h"

namespace offtake::kubernetes {

std::string ResourceType::path(std::string_view namespace_name, std::string_view name) const {
  std::string out = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (namespaced && !namespace_name.empty()) out += "/namespaces/" + http::percent_encode(namespace_name);
  out += "/" + plural;
  if (!name.empty()) out += "/" + http::percent_encode(name);
  return out;
}

}  // namespace offtake::kubernetes
