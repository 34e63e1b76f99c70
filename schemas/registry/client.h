// A schema registry as the control plane and workers use it. Two backings: the store in this process
// (store_client.h) and any registry with Confluent's REST API (http_client.h). Thread-safe.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace offtake::registry {

struct RegisteredSchema {
  int id = 0;
  int version = 0;  // within `subject`
  std::string subject;
  std::string type = "AVRO";
  std::string text;
};

// Errors: SubjectMissing, SchemaMissing (waiting); RegistryUnreachable (transient);
// RegistryAuthenticationFailed, IncompatibleSchema, InvalidSchema (terminal).
class Client {
 public:
  virtual ~Client() = default;
  virtual base::Status ping() = 0;
  virtual base::Result<RegisteredSchema> latest(const std::string& subject) = 0;
  virtual base::Result<RegisteredSchema> by_version(const std::string& subject, int version) = 0;
  virtual base::Result<std::string> text_by_id(int id) = 0;
  // The same text under the same subject gives the same id and version.
  virtual base::Result<RegisteredSchema> register_schema(const std::string& subject,
                                                         const std::string& text) = 0;
  virtual base::Result<std::vector<std::string>> subjects() = 0;
  virtual base::Status delete_subject(
      const std::string& subject) = 0;  // soft, then permanent; gone = success
};

struct HttpClientSettings {
  std::vector<std::string> urls;  // tried in order
  std::string username, password;
  std::string ca_pem;
};
std::shared_ptr<Client> make_http_client(const HttpClientSettings& settings);

}  // namespace offtake::registry
