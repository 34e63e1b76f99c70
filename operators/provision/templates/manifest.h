// A template as an object: read from YAML, then its placeholders replaced in its scalars. Pure.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/json/value.h"
#include "base/yaml/node.h"
#include "operators/provision/templates/placeholders.h"

namespace offtake::provision::templates {

// The labels of everything that is made for a product.
inline constexpr std::string_view kNamespaceLabel = "offtake.dev/product-namespace",
                                  kNameLabel = "offtake.dev/product-name",
                                  kUidLabel = "offtake.dev/product-uid",
                                  kManagedByLabel = "app.kubernetes.io/managed-by";

// `${generated.NAME}` as the value of a key of stringData: NAME -> where it is kept.
using GeneratedKeys = std::map<std::string, std::string>;

class Manifest {
 public:
  // Code BadTemplate, with line and column within the text: no YAML, not one document, no object.
  static base::Result<Manifest> parse(const Template& from);

  const std::string& template_name() const { return template_name_; }
  const std::string& api_version() const { return api_version_; }
  const std::string& kind() const { return kind_; }
  bool is_secret() const { return api_version_ == "v1" && kind_ == "Secret"; }
  const yaml::Node& root() const { return root_; }
  const GeneratedKeys& generated() const { return generated_; }

  base::Result<std::string> name(const Subject& subject) const;
  // In its namespace and with its labels, those of a StatefulSet's claims too. A Secret's stringData is in
  // its data. `generated`: a value for each of generated().
  base::Result<json::Value> object(const Subject& subject,
                                   const std::map<std::string, std::string>& generated = {}) const;

 private:
  std::string template_name_, api_version_, kind_;
  yaml::Node root_;
  GeneratedKeys generated_;
};

}  // namespace offtake::provision::templates
