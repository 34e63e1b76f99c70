// The job files of a product's revisions, below <data dir>/run/<uid>/r<N>/: what the control plane remembers
// of a revision. Written before its worker starts, removed when nobody wants the revision any more.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/files/files.h"
#include "operators/worker/job.h"

namespace offtake::reconcile {

class Orders {
 public:
  explicit Orders(files::Path run_directory) : run_directory_(std::move(run_directory)) {}

  base::Status save(const worker::Job& job);
  // Ascending by revision. A job file of another version is reported, not skipped.
  base::Result<std::vector<worker::Job>> load(const std::string& product_uid) const;
  // The revisions that have a folder, whether or not their jobs are understood; ascending.
  base::Result<std::vector<int>> revisions(const std::string& product_uid) const;
  base::Status remove(const std::string& product_uid, int revision);
  base::Status remove_all(const std::string& product_uid);
  // Products that have left something here.
  base::Result<std::vector<std::string>> product_uids() const;

 private:
  files::Path directory(const std::string& product_uid, int revision) const;
  files::Path run_directory_;
};

}  // namespace offtake::reconcile
