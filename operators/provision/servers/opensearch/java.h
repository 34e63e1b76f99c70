// Which Java runtime a server gets.
#pragma once
#include <string>

#include "base/files/files.h"

namespace offtake::provision::servers::opensearch {

struct JavaPlaces {
  std::string wanted;     // parameters.javaHome: only there
  std::string java_home;  // $JAVA_HOME
  files::Path bundled;    // the distribution's own
  std::string path;       // $PATH
  files::Path installed = "/usr/lib/jvm";
};

// The first runtime of at least `oldest`, in the order above. Code BinariesMissing says what was found
// instead.
base::Result<files::Path> find_java(const JavaPlaces& places, int oldest);

}  // namespace offtake::provision::servers::opensearch
