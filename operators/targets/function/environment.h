// What a function sees. Internal to this folder.
#pragma once
#include "operators/targets/function/function_process.h"

namespace offtake::targets::function {

// By which a function's processes are known: its directory.
inline constexpr const char* kMark = "OFFTAKE_FUNCTION";
std::string mark_of(const FunctionOptions& options);

// Code BadEnvironment: a name that is none, is set twice, or is ours.
base::Status check_environment(const FunctionOptions& options);

struct Environment {
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::string> secrets;  // their values, to be kept out of messages
};
// Codes SecretMissing (waiting), BadEnvironment (a secret with a zero byte).
base::Result<Environment> make_environment(const FunctionOptions& options, int port);
// The program of `command` in the PATH given. Code FunctionNotStarted.
base::Result<std::string> find_program(const std::string& name, const Environment& environment);

// `text` with every secret as "***".
std::string without(const std::vector<std::string>& secrets, std::string text);

}  // namespace offtake::targets::function
