// The registry's content and its rules, without disk or threads. Reading gives values; changing is in two
// steps: decide_* says what a request would change or why it is refused, apply does it. So the same changes
// go to the database and to memory.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "schemas/avro/schema.h"
#include "schemas/registry/errors.h"
#include "schemas/registry/model.h"

namespace offtake::registry {

struct PutSchema {
  std::string context;
  int id = 0;
  Content content;
};
struct DropSchema {
  std::string context;
  int id = 0;
};
struct PutVersion {
  std::string subject;
  int version = 0;
  int id = 0;
  bool deleted = false;
};
struct DropVersion {
  std::string subject;
  int version = 0;
};
// Of a subject; of everything where `subject` is empty. An absent value removes it.
struct PutConfig {
  std::string subject;
  std::optional<std::string> json;
};
struct PutMode {
  std::string subject;
  std::optional<Mode> mode;
};
using Change = std::variant<PutSchema, DropSchema, PutVersion, DropVersion, PutConfig, PutMode>;
using Changes = std::vector<Change>;

template <class T>
struct Decision {
  T answer;
  Changes changes;
};

struct SubjectVersion {
  std::string subject;
  int version = 0;
};

// A schema that was read, with the text the registry keeps.
struct Understood {
  Content content;
  avro::Schema schema;
};

struct RegisterRequest {
  std::string subject;
  std::optional<int> id;       // import mode only
  std::optional<int> version;  // likewise
};

class State {
 public:
  void apply(const Change& change);
  // Ids are never given twice, also not after a schema was removed.
  void raise_next_id(const std::string& context, int next_id);
  int next_id(const std::string& context) const;

  // Parses, resolves references, gives the stored text. Codes RegistryInvalidSchema.
  base::Result<Understood> understand(const Content& content, bool normalize) const;

  std::vector<std::string> subjects(bool with_deleted, bool only_deleted, std::string_view prefix) const;
  base::Result<std::vector<int>> versions(const std::string& subject, bool with_deleted,
                                          bool only_deleted) const;
  base::Result<Registered> version(const std::string& subject, int version, bool with_deleted) const;
  // The version of the subject that has this content.
  base::Result<Registered> find(const std::string& subject, const Content& content, bool with_deleted) const;
  base::Result<Content> by_id(const std::string& context, int id) const;
  std::vector<SubjectVersion> users_of(const std::string& context, int id, bool with_deleted) const;
  std::vector<int> referrers(const std::string& subject, int version) const;  // ids
  std::vector<Registered> all(std::string_view prefix, bool with_deleted, bool latest_only) const;
  std::vector<std::string> contexts() const;

  std::optional<std::string> config(const std::string& subject) const;  // JSON text
  std::optional<Mode> mode(const std::string& subject) const;
  Level level_of(const std::string& subject) const;  // its own, else the general one
  Mode mode_of(const std::string& subject) const;
  bool normalizes(const std::string& subject) const;

  // What speaks against `schema` as the next version; empty: nothing. With `version` only that one counts.
  base::Result<std::vector<std::string>> conflicts(const std::string& subject, const avro::Schema& schema,
                                                   std::optional<int> version) const;

  base::Result<Decision<Registered>> decide_register(const RegisterRequest& request,
                                                     const Understood& schema) const;
  base::Result<Decision<std::vector<int>>> decide_delete_subject(const std::string& subject,
                                                                 bool permanent) const;
  base::Result<Decision<int>> decide_delete_version(const std::string& subject, int version,
                                                    bool permanent) const;
  base::Result<Decision<Mode>> decide_mode(const std::string& subject, std::optional<Mode> mode,
                                           bool force) const;

 private:
  struct Stored {
    Content content;
    std::optional<avro::Schema> parsed;  // on first use; guarded by parse_mutex_
  };
  struct Context {
    int next_id = 1;
    std::map<int, Stored> schemas;
    std::unordered_map<std::string, int> ids;  // by identity
  };
  struct Version {
    int id = 0;
    bool deleted = false;
  };
  using Versions = std::map<int, Version>;

  const Versions* live_subject(const std::string& subject) const;  // null: none, or all versions deleted
  const Stored* stored(const std::string& context, int id) const;
  base::Result<avro::Schema> parsed(const std::string& subject, int id, int depth) const;
  base::Result<std::vector<avro::Schema>> known_types(const std::vector<Reference>& references,
                                                      int depth) const;
  void drop_unused(const std::string& subject, int id, int version, Changes& changes) const;

  std::map<std::string, Context> contexts_;
  std::map<std::string, Versions> subjects_;
  std::map<std::string, std::string> configs_;
  std::map<std::string, Mode> modes_;
  mutable std::mutex parse_mutex_;
};

}  // namespace offtake::registry
