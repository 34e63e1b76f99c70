// What a target class says of the Kubernetes objects that each of its products gets. Plain data.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace offtake::provision::templates {

struct Template {
  std::string name;
  std::string manifest;  // YAML of one object, with placeholders in its scalars
};

struct SecretKey {
  std::string name;  // of the Secret, with placeholders; empty: the template's own object
  std::string key;
};

// What a client of the server needs to know. Exactly one of field_path, secret_key and value.
struct Output {
  std::string name;           // one of kOutputs
  std::string template_name;  // whose object is read
  std::string field_path;     // status.url, .spec.clusterIP, status.addresses[0].ip
  std::optional<SecretKey> secret_key;
  std::optional<std::string> value;  // a text with placeholders
};

struct Definition {
  std::vector<Template> templates;
  std::vector<Output> outputs;
};

namespace output {
inline constexpr std::string_view kUrl = "url", kHost = "host", kPort = "port", kDatabase = "database",
                                  kUsername = "username", kPassword = "password", kCa = "ca.crt",
                                  kSslMode = "sslmode";
}  // namespace output
inline constexpr std::array kOutputs = {output::kUrl,      output::kHost,     output::kPort,
                                        output::kDatabase, output::kUsername, output::kPassword,
                                        output::kCa,       output::kSslMode};

inline constexpr std::size_t kLongestManifest = 64 * 1024;

using Parameters = std::map<std::string, std::string>;

// All that is wrong with a definition but for what its field table says: bounds, names of outputs, which of
// siblings is set. Location::field is a path below it ("templates[0].manifest"), line and
// column are those within the text.
std::vector<base::Error> check(const Definition& definition, std::string_view engine,
                               const Parameters& parameters);

// Names of the parameters that the placeholders name.
std::vector<std::string> named_parameters(const Definition& definition);

}  // namespace offtake::provision::templates
