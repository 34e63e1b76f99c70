// The files of manifests/examples/retail, byte for byte, as they were when the program was built.
#pragma once
#include <span>
#include <string_view>

namespace offtake::cli::demo {

struct Example {
  std::string_view file;  // "retail/datasets.yaml"
  std::string_view text;
};
std::span<const Example> examples();

}  // namespace offtake::cli::demo
