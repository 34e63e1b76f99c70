// The documents that -f names, read with their positions.
#pragma once
#include <string>
#include <vector>

#include "controlplane/cli/console.h"
#include "controlplane/resources/document.h"

namespace offtake::cli {

// `names`: files, folders (their .yaml, .yml and .json files by name), and "-" for standard input. In the
// order in which they are sent: by kind, then as written. What is wrong with any of them is printed, all of
// it together; then nothing is returned.
std::optional<std::vector<resources::Document>> read_all(const std::vector<std::string>& names,
                                                         std::string_view default_namespace,
                                                         Console& console);

}  // namespace offtake::cli
