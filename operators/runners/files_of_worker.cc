#include "operators/runners/files_of_worker.h"

#include <algorithm>
#include <charconv>

#include "base/crypto/crypto.h"
#include "operators/worker/environment.h"

namespace offtake::runners {
files::Path worker_directory(const files::Path& run_directory, const WorkerKey& key) {
  return run_directory / key.product_uid / fmt::format("r{}", key.revision);
}

namespace {

// Secret files that are there, as "folder/name".
base::Result<std::vector<std::string>> secrets_on_disk(const files::Path& directory) {
  std::vector<std::string> out;
  if (!files::exists(directory)) return out;
  auto folders = files::list_names(directory);
  if (!folders) return std::move(folders).error();
  for (const auto& folder : *folders) {
    auto names = files::list_names(directory / folder);
    if (!names) return std::move(names).error();
    for (const auto& name : *names) out.push_back(folder + "/" + name);
  }
  return out;
}

base::Result<bool> holds(const files::Path& path, std::string_view content) {
  if (!files::exists(path)) return false;
  auto there = files::read_file(path);
  if (!there) return std::move(there).error();
  return *there == content;
}

bool may_remove(const WorkerOrder& order, const std::string& secret) {
  return !order.secrets.contains(secret) && !order.kept_folders.contains(secret.substr(0, secret.find('/')));
}

base::Status write_if_new(const files::Path& path, std::string_view content) {
  auto same = holds(path, content);
  if (!same) return std::move(same).error();
  return *same ? base::Status() : files::write_file_atomic(path, content, 0600);
}

}  // namespace

base::Result<files::Path> write_worker_files(const files::Path& run_directory, const WorkerOrder& order) {
  const files::Path directory = worker_directory(run_directory, {order.job.product_uid, order.job.revision});
  const files::Path secrets = directory / "secrets";
  if (auto made = files::make_dirs(secrets, 0700); !made) return std::move(made).error();
  if (auto written = write_if_new(directory / "job.json", worker::job_text(order.job)); !written) {
    return std::move(written).error();
  }
  auto there = secrets_on_disk(secrets);
  if (!there) return std::move(there).error();
  for (const auto& name : *there) {
    if (!may_remove(order, name)) continue;
    if (auto gone = files::remove_file(secrets / name); !gone) return std::move(gone).error();
  }
  for (const auto& [name, content] : order.secrets) {
    const files::Path path = secrets / name;
    if (auto made = files::make_dirs(path.parent_path(), 0700); !made) return std::move(made).error();
    if (auto written = write_if_new(path, content); !written) return std::move(written).error();
  }
  return directory;
}

base::Result<bool> secrets_want_restart(const files::Path& run_directory, const WorkerOrder& order) {
  const files::Path secrets =
      worker_directory(run_directory, {order.job.product_uid, order.job.revision}) / "secrets";
  for (const auto& [name, content] : order.secrets) {
    if (worker::is_read_at_use(name)) continue;
    auto same = holds(secrets / name, content);
    if (!same) return std::move(same).error();
    if (!*same) return true;
  }
  auto there = secrets_on_disk(secrets);
  if (!there) return std::move(there).error();
  return std::any_of(there->begin(), there->end(), [&](const std::string& name) {
    return !worker::is_read_at_use(name) && may_remove(order, name);
  });
}

std::string digest_of_secrets(const WorkerOrder& order) {
  std::string all;
  const auto add = [&](const std::string& part) { all += fmt::format("{}:{}", part.size(), part); };
  for (const auto& [name, content] : order.secrets) add(name), add(content);
  for (const auto& folder : order.kept_folders) add(folder);
  return crypto::sha256_hex(all);
}

base::Result<std::string> read_worker_log(const files::Path& run_directory, const WorkerKey& key,
                                          LogPlace& place, std::size_t limit, LogOf of) {
  auto read = worker::read_log(worker_directory(run_directory, key), place, limit, of);
  if (!read) return std::move(read).error().in(fmt::format("revision {}", key.revision));
  return read;
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
