#include "operators/provision/servers/opensearch/java.h"

#include <unistd.h>

#include <cstdlib>

namespace offtake::provision::servers::opensearch {
namespace {

// The major version, from the file `release` that every runtime has: JAVA_VERSION="17.0.15". 0: not known.
int major_of(const files::Path& home) {
  auto text = files::read_file(home / "release", 64 << 10);
  constexpr std::string_view kKey = "JAVA_VERSION=\"";
  const auto found = text ? text->find(kKey) : std::string::npos;
  if (found == std::string::npos) return 0;
  return static_cast<int>(std::strtol(text->c_str() + found + kKey.size(), nullptr, 10));
}

std::vector<files::Path> candidates(const JavaPlaces& places) {
  if (!places.wanted.empty()) return {places.wanted};
  std::vector<files::Path> out;
  if (!places.java_home.empty()) out.emplace_back(places.java_home);
  out.push_back(places.bundled);
  std::string rest = places.path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const files::Path program = files::Path(rest.substr(0, colon)) / "java";
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    std::error_code error;
    const files::Path real = std::filesystem::canonical(program, error);
    if (!error) out.push_back(real.parent_path().parent_path());
  }
  if (auto names = files::list_names(places.installed)) {
    for (const auto& name : *names) out.push_back(places.installed / name);
  }
  return out;
}

}  // namespace

base::Result<files::Path> find_java(const JavaPlaces& places, int oldest) {
  std::string seen;
  for (const auto& home : candidates(places)) {
    if (::access((home / "bin/java").c_str(), X_OK) != 0) continue;
    const int major = major_of(home);
    if (major >= oldest) return home;
    seen += fmt::format("{}{} ({})", seen.empty() ? "" : ", ", home.string(),
                        major == 0 ? "of an unknown version" : fmt::format("Java {}", major));
  }
  const std::string where =
      places.wanted.empty()
          ? fmt::format("JAVA_HOME, {}, PATH and {}", places.bundled.string(), places.installed.string())
          : places.wanted + " (parameters.javaHome)";
  return base::transient("BinariesMissing",
                         fmt::format("no Java {} or later is installed: looked in {}{}", oldest, where,
                                     seen.empty() ? "" : "; too old: " + seen))
      .with_hint(
          fmt::format("install one (apt-get install openjdk-{}-jre-headless, where there is such a package), "
                      "or name it in parameters.javaHome; it is looked for again by itself",
                      oldest));
}

}  // namespace offtake::provision::servers::opensearch
