#include "operators/runners/files_of_worker.h"

#include <charconv>
#include <fstream>

namespace offtake::runners {

files::Path worker_directory(const files::Path& run_directory, const WorkerKey& key) {
  return run_directory / key.product_uid / fmt::format("r{}", key.revision);
}

base::Result<files::Path> write_worker_files(const files::Path& run_directory, const WorkerOrder& order) {
  const files::Path directory = worker_directory(run_directory, {order.job.product_uid, order.job.revision});
  if (auto made = files::make_dirs(directory / "secrets", 0700); !made) return std::move(made).error();
  if (auto written = files::write_file_atomic(directory / "job.json", worker::job_text(order.job), 0600);
      !written) {
    return std::move(written).error();
  }
  for (const auto& [name, content] : order.secrets) {
    const files::Path path = directory / "secrets" / name;
    if (auto made = files::make_dirs(path.parent_path(), 0700); !made) return std::move(made).error();
    if (auto written = files::write_file_atomic(path, content, 0600); !written)
      return std::move(written).error();
  }
  return directory;
}

base::Result<std::string> read_worker_log(const files::Path& run_directory, const WorkerKey& key,
                                          std::uint64_t from, std::size_t limit) {
  const files::Path path = worker_directory(run_directory, key) / "worker.log";
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::string();
  file.seekg(static_cast<std::streamoff>(from));
  std::string out(limit, '\0');
  file.read(out.data(), static_cast<std::streamsize>(limit));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

std::vector<WorkerKey> listed_workers(const files::Path& run_directory) {
  std::vector<WorkerKey> out;
  auto products = files::list_names(run_directory);
  if (!products) return out;
  for (const auto& uid : *products) {
    auto revisions = files::list_names(run_directory / uid);
    if (!revisions) continue;
    for (const auto& folder : *revisions) {
      int number = 0;
      if (!folder.starts_with("r")) continue;
      const auto [end, error] = std::from_chars(folder.data() + 1, folder.data() + folder.size(), number);
      if (error == std::errc() && end == folder.data() + folder.size()) out.push_back({uid, number});
    }
  }
  return out;
}

}  // namespace offtake::runners
