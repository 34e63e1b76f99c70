// Where messages are sent, as a job file describes it: of engines that are pushed to (TargetTraits::pushed).
// No secret is in it: those are files, which the worker names.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace offtake::targets {

// A command that is started to take them.
struct ReceiverCommand {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string>
      secrets;  // variables whose values are files of the secrets directory, "env-<name>"
  base::Micros idle_timeout = 300'000'000;
  std::int64_t memory_bytes = 512 << 20;
};

// Where what it answers goes: a topic of the same event store.
struct ReceiverAnswers {
  std::string topic;
  int schema_id = 0;
  std::string schema;  // Avro text
};

struct Receiver {
  std::string source;       // of every event: "/namespaces/a/dataproducts/b"
  std::string name;         // the product's
  std::string url;          // of a server
  bool structured = false;  // CloudEvents as one JSON document
  std::optional<ReceiverCommand> command;
  std::optional<ReceiverAnswers> answers;
  // Filled in by the worker:
  std::string secrets_directory;  // token | user, password | signing-key; ca.crt
  std::string directory;          // the command's own
};

}  // namespace offtake::targets
