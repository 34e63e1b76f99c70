// Where the control rows of one product are kept when they cannot change together with its rows: documents,
// each of which changes alone, and only from the version that was read (compare-and-set).
// One thread calls a ControlStore, but for what loaders need: `read` and the fill's progress are thread-safe.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::targets::intent {

// Another one changed the document since it was read. Any other error leaves it open whether it was written.
inline constexpr std::string_view kConflict = "ControlConflict";

class ControlStore {
 public:
  struct Stored {
    ControlRow row;
    std::string version;  // the store's own words
  };
  virtual ~ControlStore() = default;

  // Of every revision, ascending. Creates nothing.
  virtual base::Result<std::vector<Stored>> read_all() = 0;
  virtual base::Result<std::optional<Stored>> read(int revision) = 0;
  // Only over `version`; empty: only where there is none. Gives the new version. Durable, and seen by every
  // later read, when it returns. Errors: kConflict.
  virtual base::Result<std::string> write(const ControlRow& row, const std::string& version) = 0;

  // How far the streams of a revision's fill have come.
  virtual base::Result<std::vector<FillProgress>> fill_progress(int revision) = 0;
  virtual base::Status write_fill_progress(int revision, const FillProgress& progress) = 0;
  virtual base::Status forget_fill(int revision) = 0;
};

}  // namespace offtake::targets::intent
