#include "base/process/output_log.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>

namespace offtake::process {
namespace {

constexpr std::uint64_t kRotateBytes = 10 << 20;
constexpr int kKept = 4;
constexpr std::size_t kTailBytes = 16 << 10, kTailLines = 4, kLineBytes = 200;

files::Path numbered(const files::Path& file, int number) {
  return file.parent_path() / fmt::format("{}.{}{}", file.stem().string(), number, file.extension().string());
}

}  // namespace

std::uint64_t log_size(const files::Path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

std::string last_lines(const files::Path& file, std::uint64_t from) {
  std::ifstream in(file, std::ios::binary);
  const std::uint64_t size = log_size(file);
  const std::uint64_t start = std::max<std::uint64_t>(from, size > kTailBytes ? size - kTailBytes : 0);
  if (!in || start >= size) return "";
  in.seekg(static_cast<std::streamoff>(start));
  std::deque<std::string> lines;
  std::string line;
  while (std::getline(in, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (line.size() > kLineBytes) line = line.substr(0, kLineBytes) + "…";
    lines.push_back(line);
    if (lines.size() > kTailLines) lines.pop_front();
  }
  return fmt::format("{}", fmt::join(lines, " | "));
}

base::Result<bool> rotate_log(const files::Path& file) {
  if (log_size(file) < kRotateBytes) return false;
  std::error_code error;
  for (int i = kKept; i > 1; --i) {
    if (files::exists(numbered(file, i - 1)))
      std::filesystem::rename(numbered(file, i - 1), numbered(file, i), error);
  }
  std::filesystem::copy_file(file, numbered(file, 1), std::filesystem::copy_options::overwrite_existing,
                             error);
  if (error)
    return base::transient("FileError", fmt::format("cannot copy {}: {}", file.string(), error.message()));
  if (::truncate(file.c_str(), 0) != 0) {
    return base::transient("FileError",
                           fmt::format("cannot cut {}: {}", file.string(), std::strerror(errno)));
  }
  return true;
}

}  // namespace offtake::process
