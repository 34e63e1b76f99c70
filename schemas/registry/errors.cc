#include "schemas/registry/errors.h"

namespace offtake::registry {
namespace {

struct Row {
  const char* code;
  int status;
  int error_code;
};

constexpr std::array<Row, 22> kRows{{
    {"RegistrySubjectNotFound", 404, 40401},
    {"RegistryVersionNotFound", 404, 40402},
    {"RegistrySchemaNotFound", 404, 40403},
    {"RegistrySubjectSoftDeleted", 404, 40404},
    {"RegistrySubjectNotSoftDeleted", 404, 40405},
    {"RegistryVersionSoftDeleted", 404, 40406},
    {"RegistryVersionNotSoftDeleted", 404, 40407},
    {"RegistryNoLevel", 404, 40408},
    {"RegistryNoMode", 404, 40409},
    {"RegistryIncompatible", 409, 409},
    {"RegistryInvalidSchema", 422, 42201},
    {"RegistryInvalidVersion", 422, 42202},
    {"RegistryInvalidLevel", 422, 42203},
    {"RegistryInvalidMode", 422, 42204},
    {"RegistryNotPermitted", 422, 42205},
    {"RegistryReferenced", 422, 42206},
    {"RegistryIdMismatch", 422, 42207},
    {"RegistryInvalidSubject", 422, 42208},
    {"RegistryTooLarge", 422, 42209},
    {"RegistryBadRequest", 400, 400},
    {"RegistryStoreFailed", 500, 50001},
    {"RegistryTimedOut", 500, 50002},
}};

}  // namespace

Numbers numbers_of(const base::Error& error) {
  for (const Row& row : kRows) {
    if (error.code == row.code) return {row.status, row.error_code};
  }
  return {};
}

std::string code_of(int error_code) {
  for (const Row& row : kRows) {
    if (row.error_code == error_code) return row.code;
  }
  return "RegistryStoreFailed";
}

namespace errors {

base::Error subject_not_found(const std::string& subject) {
  return base::terminal("RegistrySubjectNotFound", fmt::format("Subject '{}' not found.", subject));
}
base::Error version_not_found(int version) {
  return base::terminal("RegistryVersionNotFound", fmt::format("Version {} not found.", version));
}
base::Error schema_not_found() {
  return base::terminal("RegistrySchemaNotFound", "Schema not found");
}
base::Error schema_id_not_found(int id) {
  return base::terminal("RegistrySchemaNotFound", fmt::format("Schema {} not found", id));
}
base::Error subject_soft_deleted(const std::string& subject) {
  return base::terminal(
      "RegistrySubjectSoftDeleted",
      fmt::format("Subject '{}' is already soft-deleted; permanent=true removes it", subject));
}
base::Error subject_not_soft_deleted(const std::string& subject) {
  return base::terminal("RegistrySubjectNotSoftDeleted",
                        fmt::format("Subject '{}' must be soft-deleted before it is removed", subject));
}
base::Error version_soft_deleted(const std::string& subject, int version) {
  return base::terminal(
      "RegistryVersionSoftDeleted",
      fmt::format("Subject '{}' version {} is already soft-deleted; permanent=true removes it", subject,
                  version));
}
base::Error version_not_soft_deleted(const std::string& subject, int version) {
  return base::terminal(
      "RegistryVersionNotSoftDeleted",
      fmt::format("Subject '{}' version {} must be soft-deleted before it is removed", subject, version));
}
base::Error no_level(const std::string& subject) {
  return base::terminal("RegistryNoLevel",
                        fmt::format("Subject '{}' has no compatibility level of its own", subject));
}
base::Error no_mode(const std::string& subject) {
  return base::terminal("RegistryNoMode", fmt::format("Subject '{}' has no mode of its own", subject));
}
base::Error incompatible(const std::string& subject, const std::string& details) {
  return base::terminal(
      "RegistryIncompatible",
      fmt::format("The schema is incompatible with an earlier one of subject \"{}\": {}", subject, details));
}
base::Error invalid_schema(const std::string& details) {
  return base::terminal("RegistryInvalidSchema", fmt::format("Invalid schema: {}", details));
}
base::Error invalid_version(const std::string& text) {
  return base::terminal("RegistryInvalidVersion",
                        fmt::format("'{}' is no version: a number from 1 to 2147483647, -1 or latest", text));
}
base::Error invalid_level() {
  return base::terminal("RegistryInvalidLevel",
                        "Invalid compatibility level; one of NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, "
                        "FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE");
}
base::Error invalid_mode() {
  return base::terminal("RegistryInvalidMode",
                        "Invalid mode; one of READWRITE, READONLY, READONLY_OVERRIDE, IMPORT");
}
base::Error not_permitted(std::string message) {
  return base::terminal("RegistryNotPermitted", std::move(message));
}
base::Error referenced(const std::string& subject, int version) {
  return base::terminal("RegistryReferenced",
                        fmt::format("Other schemas refer to version {} of subject '{}'", version, subject));
}
base::Error id_mismatch(int id) {
  return base::terminal("RegistryIdMismatch", fmt::format("Schema id {} belongs to another schema", id));
}
base::Error invalid_subject(const std::string& subject) {
  return base::terminal("RegistryInvalidSubject", fmt::format("The subject '{}' is not valid", subject));
}

}  // namespace errors
}  // namespace offtake::registry
