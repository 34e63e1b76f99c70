// The file of --config: the long names of a verb's options with their values, so that a service's settings
// can be kept in one place. What is given on the command line or in the environment goes before it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/files/files.h"
#include "controlplane/cli/verb.h"

namespace offtake::cli {

// By name. Options without a value and --config itself cannot stand in it. Codes BadYaml, BadConfig: all that
// is wrong is reported together, with its place and the name that may have been meant.
base::Result<std::map<std::string, std::string>> read_config(const files::Path& file,
                                                             const std::vector<Option>& options);

}  // namespace offtake::cli
