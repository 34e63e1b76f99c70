// The objects on disk: resources.db. One row an object; Secrets are sealed. Used by one thread at a time.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "base/json/value.h"
#include "base/result.h"
#include "base/sqlite/database.h"
#include "controlplane/resources/kind.h"

namespace offtake::store {

class ObjectFile {
 public:
  // `secret_key` has 32 bytes; a file sealed with another key is refused (NotAuthentic).
  static base::Result<ObjectFile> open(const std::filesystem::path& path, std::string secret_key);

  using Sink = std::function<void(const resources::Kind& kind, json::Value object)>;
  base::Status load(const Sink& sink);
  std::int64_t version() const { return version_; }

  // Each is one durable transaction that also moves the newest version.
  base::Status put(const resources::Kind& kind, const json::Value& object, std::int64_t version);
  base::Status erase(const resources::Kind& kind, const std::string& namespace_name, const std::string& name,
                     std::int64_t version);

 private:
  ObjectFile(sqlite::Database database, std::string secret_key)
      : database_(std::move(database)), secret_key_(std::move(secret_key)) {}

  sqlite::Database database_;
  std::string secret_key_;
  std::int64_t version_ = 0;
};

}  // namespace offtake::store
