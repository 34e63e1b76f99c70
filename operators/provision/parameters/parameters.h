// What a class with `provisioner: {local: {}}` is for each engine, and which parameters classes take. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace offtake::provision {

using Parameters = std::map<std::string, std::string>;

enum class LocalForm {
  kNone,    // there is no local target of this engine
  kFiles,   // a file a product
  kServer,  // a server that Offtake starts, watches and stops
};
LocalForm local_form(std::string_view engine);

enum class ParameterForm { kPath, kUser, kMemory, kCount, kCountOrNone, kSeconds };
struct Parameter {
  std::string_view name;
  ParameterForm form;
  std::string_view doc;
};
// Of what a local class runs on this machine.
const std::vector<Parameter>& local_parameters(std::string_view engine);
// Of what a class makes for its products, wherever it runs: they hold for fills that begin from then on.
const std::vector<Parameter>& object_parameters(std::string_view engine);
// Those of `parameters` that are object_parameters of the engine, and the others.
Parameters of_objects(std::string_view engine, const Parameters& parameters);
Parameters of_server(std::string_view engine, const Parameters& parameters);

// Of one value of a class, `local` or over something that exists. Codes BadParameter (not known; the hint
// names those there are), BadValue.
base::Status check_parameter(std::string_view engine, bool local, std::string_view name,
                             std::string_view value);
base::Status check_parameters(std::string_view engine, bool local, const Parameters& parameters);

// "512m", "2g", "512Mi", "2Gi" as MiB; nullopt: none of these.
std::optional<std::int64_t> memory_mib(std::string_view text);

// "90s", "5m", "1h30m" as seconds, at most a day; nullopt: none of these.
std::optional<std::int64_t> duration_seconds(std::string_view text);

inline std::string parameter(const Parameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

}  // namespace offtake::provision
