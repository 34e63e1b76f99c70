#include "operators/provision/servers/postgres/installation.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace offtake::provision::servers::postgres {
namespace {

constexpr int kOldestMajor = 15;  // as every target: UNIQUE NULLS NOT DISTINCT

bool has_programs(const files::Path& folder) {
  return ::access((folder / "postgres").c_str(), X_OK) == 0 &&
         ::access((folder / "initdb").c_str(), X_OK) == 0;
}

// The majors below /usr/lib/postgresql, newest first.
std::vector<int> majors_in(const files::Path& folder) {
  std::vector<int> out;
  auto names = files::list_names(folder);
  if (!names) return out;
  for (const auto& name : *names) {
    int major = 0;
    const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), major);
    if (code == std::errc{} && end == name.data() + name.size()) out.push_back(major);
  }
  std::sort(out.rbegin(), out.rend());
  return out;
}

base::Error missing(const std::string& where, std::optional<int> major, const std::string& too_old) {
  const std::string what = major ? fmt::format("PostgreSQL {}, which the data here is of,", *major)
                                 : "PostgreSQL (postgres, initdb)";
  return base::transient("BinariesMissing",
                         fmt::format("{} is not installed: looked in {}{}", what, where, too_old))
      .with_hint(fmt::format("install the package postgresql-{} (apt-get install postgresql-{}), or name an "
                             "installation in parameters.home; it is looked for again by itself",
                             major.value_or(kOldestMajor), major.value_or(kOldestMajor)));
}

}  // namespace

base::Result<files::Path> find_programs(const SearchPlaces& places, std::optional<int> major) {
  if (!places.home.empty()) {
    const files::Path home(places.home);
    for (const auto& folder : {home / "bin", home}) {
      if (has_programs(folder)) return folder;
    }
    return missing(fmt::format("{0}/bin and {0} (parameters.home)", places.home), major, "");
  }
  std::string too_old;
  for (const int found : majors_in(places.debian)) {
    const files::Path folder = places.debian / std::to_string(found) / "bin";
    if (!has_programs(folder) || (major && *major != found)) continue;
    if (found >= kOldestMajor) return folder;
    too_old += fmt::format("{} PostgreSQL {}", too_old.empty() ? "; too old:" : ",", found);
  }
  std::string rest = places.path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const files::Path folder(rest.substr(0, colon));
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    if (folder.is_absolute() && has_programs(folder)) return folder;
  }
  return missing(fmt::format("{}/*/bin and PATH ({})", places.debian.string(), places.path), major, too_old);
}

}  // namespace offtake::provision::servers::postgres
