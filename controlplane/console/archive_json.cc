#include <charconv>

#include "base/json/value.h"
#include "controlplane/console/archive.h"

namespace offtake::console {
namespace {

constexpr std::string_view kMagic = "OFFTAKE-ASSETS 1\n";

base::Error bad(std::string message) {
  return base::terminal("BadArchive", "the console's archive: " + std::move(message));
}

base::Result<ArchivedFile> read_file(const json::Value& entry, std::string_view blobs) {
  ArchivedFile out{entry.string_or("path"), entry.string_or("type"), entry.string_or("sha256"), {}};
  const json::Value& bodies = entry["bodies"];
  if (out.path.empty() || out.type.empty() || out.sha256.size() != 64 || !bodies.is_array())
    return bad(fmt::format("an entry '{}' that is not whole", out.path));
  for (const json::Value& body : bodies.as_array()) {
    const std::int64_t offset = body.int_or("offset", -1), size = body.int_or("bytes", -1);
    const auto all = static_cast<std::int64_t>(blobs.size());
    if (offset < 0 || size < 0 || offset > all || size > all - offset)
      return bad(fmt::format("a body of {} that is not in it", out.path));
    out.bodies.push_back({body.string_or("encoding"),
                          blobs.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size))});
  }
  if (out.bodies.empty() || out.bodies.front().encoding != "identity")
    return bad(fmt::format("{} is not there uncompressed", out.path));
  return out;
}

}  // namespace

base::Result<Archive> read_archive(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return bad("does not begin as one");
  bytes.remove_prefix(kMagic.size());
  std::size_t size = 0;
  const auto number = std::from_chars(bytes.data(), bytes.data() + bytes.size(), size);
  const auto digits = static_cast<std::size_t>(number.ptr - bytes.data());
  if (number.ec != std::errc() || digits == bytes.size() || bytes[digits] != '\n') return bad("has no index");
  bytes.remove_prefix(digits + 1);
  if (size > bytes.size()) return bad("is cut off");
  auto index = json::parse(bytes.substr(0, size));
  if (!index) return std::move(index).error().in("the console's archive");
  bytes.remove_prefix(size);
  Archive out;
  out.build = index->string_or("build");
  const json::Value& files = (*index)["files"];
  if (out.build.empty() || !files.is_array()) return bad("has an index that is not whole");
  for (const json::Value& entry : files.as_array()) {
    auto file = read_file(entry, bytes);
    if (!file) return std::move(file).error();
    out.files.emplace(file->path, *file);
  }
  if (out.files.find("index.html") == out.files.end()) return bad("has no index.html");
  return out;
}

}  // namespace offtake::console
