// The registry's errors: how the store names them, and the numbers that clients know.
#pragma once
#include <string>

#include "base/result.h"
#include "schemas/registry/model.h"

namespace offtake::registry {

// HTTP status and error_code of an error of this folder; anything else is 500 and 50001.
struct Numbers {
  int status = 500;
  int error_code = 50001;
};
Numbers numbers_of(const base::Error& error);
// The reverse, for a client of another registry.
std::string code_of(int error_code);

namespace errors {
base::Error subject_not_found(const std::string& subject);  // RegistrySubjectNotFound
base::Error version_not_found(int version);                 // RegistryVersionNotFound
base::Error schema_not_found();                             // RegistrySchemaNotFound
base::Error schema_id_not_found(int id);
base::Error subject_soft_deleted(const std::string& subject);      // RegistrySubjectSoftDeleted
base::Error subject_not_soft_deleted(const std::string& subject);  // RegistrySubjectNotSoftDeleted
base::Error version_soft_deleted(const std::string& subject, int version);
base::Error version_not_soft_deleted(const std::string& subject, int version);
base::Error no_level(const std::string& subject);                                  // RegistryNoLevel
base::Error no_mode(const std::string& subject);                                   // RegistryNoMode
base::Error incompatible(const std::string& subject, const std::string& details);  // RegistryIncompatible
base::Error invalid_schema(const std::string& details);                            // RegistryInvalidSchema
base::Error invalid_version(const std::string& text);                              // RegistryInvalidVersion
base::Error invalid_level();                                                       // RegistryInvalidLevel
base::Error invalid_mode();                                                        // RegistryInvalidMode
base::Error not_permitted(std::string message);                                    // RegistryNotPermitted
base::Error referenced(const std::string& subject, int version);                   // RegistryReferenced
base::Error id_mismatch(int id);                                                   // RegistryIdMismatch
base::Error invalid_subject(const std::string& subject);                           // RegistryInvalidSubject
}  // namespace errors

}  // namespace offtake::registry
