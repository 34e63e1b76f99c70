// Where PostgreSQL's programs are.
#pragma once
#include <optional>
#include <string>

#include "base/files/files.h"

namespace offtake::provision::servers::postgres {

// Where to look: the places themselves can be others in tests.
struct SearchPlaces {
  std::string home;                            // parameters.home; empty: the following
  files::Path debian = "/usr/lib/postgresql";  // <debian>/<major>/bin
  std::string path;                            // $PATH
};

// The folder with postgres and initdb, newest first; `major`: only that version (of data that exists). Code
// BinariesMissing.
base::Result<files::Path> find_programs(const SearchPlaces& places, std::optional<int> major);

}  // namespace offtake::provision::servers::postgres
