#include "controlplane/reconcile/data_product/orders.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace offtake::reconcile {
namespace {

// "r12" -> 12.
std::optional<int> revision_of(const std::string& folder) {
  int number = 0;
  if (folder.size() < 2 || folder[0] != 'r') return std::nullopt;
  const auto [end, error] = std::from_chars(folder.data() + 1, folder.data() + folder.size(), number);
  if (error != std::errc() || end != folder.data() + folder.size()) return std::nullopt;
  return number;
}

class FileOrders : public Orders {
 public:
  explicit FileOrders(files::Path run_directory) : run_directory_(std::move(run_directory)) {}

  base::Status save(const worker::Job& job) override {
    const files::Path folder = directory(job.product_uid, job.revision);
    if (auto made = files::make_dirs(folder, 0700); !made) return made;
    return files::write_file_atomic(folder / "job.json", worker::job_text(job), 0600);
  }

  base::Result<std::vector<worker::Job>> load(const std::string& product_uid) const override {
    std::vector<worker::Job> out;
    auto numbers = revisions(product_uid);
    if (!numbers) return std::move(numbers).error();
    for (const int number : *numbers) {
      const files::Path path = directory(product_uid, number) / "job.json";
      if (!files::exists(path)) continue;
      auto text = files::read_file(path);
      if (!text) return std::move(text).error();
      auto job = worker::parse_job(*text);
      if (!job) return std::move(job).error().in(fmt::format("revision {}", number));
      out.push_back(*std::move(job));
    }
    return out;
  }

  base::Result<std::vector<int>> revisions(const std::string& product_uid) const override {
    std::vector<int> out;
    const files::Path folder = run_directory_ / product_uid;
    if (!files::exists(folder)) return out;
    auto names = files::list_names(folder);
    if (!names) return std::move(names).error();
    for (const auto& name : *names) {
      if (const auto number = revision_of(name)) out.push_back(*number);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  base::Status remove(const std::string& product_uid, int revision) override {
    return files::remove_tree(directory(product_uid, revision));
  }

  base::Status remove_all(const std::string& product_uid) override {
    return files::remove_tree(run_directory_ / product_uid);
  }

 private:
  files::Path directory(const std::string& product_uid, int revision) const {
    return run_directory_ / product_uid / fmt::format("r{}", revision);
  }

  const files::Path run_directory_;
};

}  // namespace

std::shared_ptr<Orders> file_orders(files::Path run_directory) {
  return std::make_shared<FileOrders>(std::move(run_directory));
}

}  // namespace offtake::reconcile
