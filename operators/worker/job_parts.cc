#include "operators/worker/job_parts.h"

#include <algorithm>
#include <filesystem>

#include "base/compression/gzip.h"

namespace offtake::worker {
namespace {
constexpr std::string_view kPartPrefix = "job.json.gz.";
}  // namespace

std::vector<std::string> job_parts(std::string_view text, std::size_t largest) {
  const std::string packed = compression::gzip(text);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < packed.size(); at += largest) out.push_back(packed.substr(at, largest));
  return out;
}

base::Result<std::string> join_job(const std::vector<std::string>& parts) {
  std::string packed;
  for (const std::string& part : parts) packed += part;
  return compression::gunzip(packed, kLargestJob);
}

std::string job_part_name(std::size_t number) {
  return fmt::format("{}{:03}", kPartPrefix, number);
}

base::Result<std::string> read_job(const files::Path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return files::read_file(path);
  auto names = files::list_names(path);
  if (!names) return std::move(names).error();
  std::erase_if(*names, [](const std::string& name) { return !name.starts_with(kPartPrefix); });
  std::sort(names->begin(), names->end());
  std::vector<std::string> parts;
  for (const std::string& name : *names) {
    auto part = files::read_file(path / name);
    if (!part) return std::move(part).error();
    parts.push_back(*std::move(part));
  }
  auto text = join_job(parts);
  if (!text) return std::move(text).error().in(path.string());
  return text;
}

}  // namespace offtake::worker
