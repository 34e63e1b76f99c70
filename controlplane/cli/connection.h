// What most verbs begin with: the server, the namespace, the object that is meant.
#pragma once
#include <memory>

#include "controlplane/cli/api_client.h"
#include "controlplane/cli/console.h"
#include "controlplane/cli/verb.h"

namespace offtake::cli {

base::Result<std::unique_ptr<ApiClient>> connect(const Arguments& arguments);

// -n, else the namespace of the context.
Option namespace_option();
std::string namespace_of(const Arguments& arguments, const ApiClient& client);

// "products", "dp", "DataProduct": code UnknownKind with the nearest known one.
base::Result<const resources::Kind*> read_kind(std::string_view word);

struct ObjectName {
  const resources::Kind* kind = nullptr;
  std::string namespace_name;  // empty for cluster-scoped kinds
  std::string name;            // empty: all of the kind
  std::string title() const;   // "DataProduct retail/x"
};
// From the positionals KIND [NAME], or KIND/NAME in one word. Codes UnknownKind, NameMissing.
base::Result<ObjectName> read_object_name(const Arguments& arguments, const ApiClient& client,
                                          bool name_needed);
// One or more: KIND NAME NAME, or KIND/NAME KIND/NAME. Also code BadName.
base::Result<std::vector<ObjectName>> read_object_names(const Arguments& arguments, const ApiClient& client);

std::string title_of(const json::Value& object);  // "DataProduct retail/x"

// Prints the error; gives the exit code of a failure.
int fail(Console& console, const base::Error& error);

// "12,345,678"
std::string grouped(std::int64_t number);
// "about 12.3 MiB"
std::string bytes_text(std::int64_t bytes);

}  // namespace offtake::cli
