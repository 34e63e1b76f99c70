// Asking a schema registry: ours in this process, or a company's by URL. Thread-safe.
//
// Errors: not found (codes RegistrySubjectNotFound, …VersionNotFound, …SchemaNotFound) is Retry::kWaiting;
// unreachable is transient; refused (RegistryIncompatible, RegistryInvalidSchema, RegistryUnauthorized) is
// terminal.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "schemas/registry/store.h"

namespace offtake::registry {

// `text` stands for itself: types of other schemas that it refers to are written out in it.
struct SchemaVersion {
  std::string subject;
  int version = 0;
  int id = 0;
  std::string text;
};

class Client {
 public:
  virtual ~Client() = default;
  virtual base::Status ping() = 0;
  virtual base::Result<SchemaVersion> version(const std::string& subject, int version) = 0;  // or kLatest
  virtual base::Result<std::string> text_by_id(int id) = 0;
  virtual base::Result<SchemaVersion> register_schema(const std::string& subject,
                                                      const std::string& text) = 0;
  virtual base::Result<std::vector<std::string>> subjects() = 0;
  virtual base::Result<std::vector<int>> versions(const std::string& subject) = 0;
  // Soft, then for good; a subject that is not there is success.
  virtual base::Status delete_subject(const std::string& subject) = 0;
  // What speaks against `text` as the next version of the subject; empty: nothing.
  virtual base::Result<std::vector<std::string>> conflicts(const std::string& subject,
                                                           const std::string& text) = 0;
};

// REQUIRES: the store outlives the client.
std::unique_ptr<Client> local_client(Store& store);

struct ConfluentOptions {
  std::vector<std::string> urls;  // tried in turn; the one that answered last comes first
  std::string user, password;     // basic authentication, when user is set
  std::string bearer_token;
  std::string ca_file;  // PEM; empty: the system's
};
// Code BadUrl when there is no url.
base::Result<std::unique_ptr<Client>> confluent_client(const ConfluentOptions& options);

}  // namespace offtake::registry
