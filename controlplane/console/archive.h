// The console's files as pack.mjs has packed them: names, media types, digests, and each body plain and
// compressed. A view of bytes that somebody else keeps; immutable, so any thread may read it.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace offtake::console {

struct ArchivedBody {
  std::string encoding;  // identity, gzip, br
  std::string_view bytes;
};

struct ArchivedFile {
  std::string path;  // "index.html", "assets/index-Bd2x.js"
  std::string type;  // "text/javascript; charset=utf-8"
  std::string sha256;
  std::vector<ArchivedBody> bodies;  // the first one is identity
};

struct Archive {
  std::string build;                                       // 16 hex digits: names and contents of all files
  std::map<std::string, ArchivedFile, std::less<>> files;  // by path
};

// REQUIRES: `bytes` outlive the archive. Code BadArchive for what pack.mjs does not write.
base::Result<Archive> read_archive(std::string_view bytes);

// What this program was linked with; empty when it was built without the console (-DOFFTAKE_WEB=OFF).
std::string_view embedded_archive();

}  // namespace offtake::console
