// What a class with `provisioner: {local: {}}` is for each engine, and which parameters it takes. Pure.
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

enum class ParameterForm { kPath, kUser, kMemory };
struct Parameter {
  std::string_view name;
  ParameterForm form;
  std::string_view doc;
};
// Those of a local class; a class over something that exists has none.
const std::vector<Parameter>& local_parameters(std::string_view engine);

// Of one value. Codes BadParameter (not known; the hint names those there are), BadValue.
base::Status check_local_parameter(std::string_view engine, std::string_view name, std::string_view value);
base::Status check_local_parameters(std::string_view engine, const Parameters& parameters);

// "512m", "2g", "512Mi", "2Gi" as MiB; nullopt: none of these.
std::optional<std::int64_t> memory_mib(std::string_view text);

inline std::string parameter(const Parameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

}  // namespace offtake::provision
