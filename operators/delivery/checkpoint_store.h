// Checkpoints on disk, in a directory of the worker's own:
//   <epoch>-<owner>/{state,MANIFEST}   whole checkpoints; MANIFEST is written last, the directory gets its
//   name
//                                      after it, so what is cut short has either no manifest or no name
//   OWNERS                             who wrote the control row before whom
// Errors: those of files (DiskFull is transient). Thread-safe as long as one thread at a time writes.
#pragma once
#include <functional>

#include "base/files/files.h"
#include "operators/delivery/checkpoint_file.h"
#include "operators/delivery/checkpoint_manifest.h"

namespace offtake::delivery {

class CheckpointStore {
 public:
  static constexpr std::size_t kKept = 2;
  explicit CheckpointStore(files::Path directory) : directory_(std::move(directory)) {}

  // A checkpoint being written.
  struct Draft {
    files::Path directory;
    StateFileWriter state;
    CheckpointManifest manifest;
  };
  // Makes room for one; what was cut short before is removed.
  base::Result<Draft> begin(CheckpointManifest manifest) const;
  // Makes it durable and gives it its name; removes what is older than the last two. Gives the manifest as
  // written.
  base::Result<CheckpointManifest> finish(Draft draft) const;
  void abandon(const Draft& draft) const;

  // The newest first, by epoch; those whose manifest cannot be read last.
  base::Result<std::vector<CheckpointManifest>> list() const;
  base::Result<StateFileReader> open_state(const CheckpointManifest& manifest) const;
  base::Status remove(const std::string& name) const;  // fine if it is not there

  base::Result<std::vector<OwnerChange>> owners() const;
  base::Status store_owners(std::vector<OwnerChange> history) const;

 private:
  base::Result<CheckpointManifest> complete(Draft draft) const;
  base::Result<std::vector<std::string>> names() const;
  files::Path directory_;
};

}  // namespace offtake::delivery
