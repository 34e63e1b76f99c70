// The jobs of a product's revisions: what the control plane remembers of a revision. Saved before its worker
// starts, removed when nobody wants the revision any more. Thread-safe for different products.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files/files.h"
#include "operators/worker/job.h"

namespace offtake::reconcile {

class Orders {
 public:
  virtual ~Orders() = default;
  virtual base::Status save(const worker::Job& job) = 0;
  // Ascending by revision. A job of another version is reported, not skipped.
  virtual base::Result<std::vector<worker::Job>> load(const std::string& product_uid) const = 0;
  // The revisions that are remembered, whether or not their jobs are understood; ascending.
  virtual base::Result<std::vector<int>> revisions(const std::string& product_uid) const = 0;
  virtual base::Status remove(const std::string& product_uid, int revision) = 0;
  virtual base::Status remove_all(const std::string& product_uid) = 0;
};

// As files: <run directory>/<uid>/r<N>/job.json, beside what the worker of the revision keeps there.
std::shared_ptr<Orders> file_orders(files::Path run_directory);

}  // namespace offtake::reconcile
