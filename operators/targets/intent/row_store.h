// The rows of one revision in a store without transactions. Each write is absolute and carries a version, the
// epoch: what is written late, by whoever was taken over, never replaces what is newer. So a delete must
// leave its version behind.
#pragma once
#include <memory>
#include <string>

#include "operators/targets/protocol/refused_rows.h"
#include "operators/targets/target.h"

namespace offtake::targets::intent {

// A row has a newer version: this writer is late.
inline constexpr std::string_view kSuperseded = "RowSuperseded";

// The place is not there: another fill dropped it, or somebody else did.
inline constexpr std::string_view kPlaceGone = "PlaceGone";

// The rows of one stream of a fill; used by one thread.
class RowLoader {
 public:
  virtual ~RowLoader() = default;
  // The same row again changes nothing. Code KeyNotUnique (row) where another row holds the key and the
  // traits promise to see it.
  virtual base::Status append(const engine::Changes& rows) = 0;
  // Everything appended is durable when it returns.
  virtual base::Status flush() = 0;
  // Those since the last call, once they are flushed. Where rows are not to be left out: none, but an error.
  virtual std::vector<protocol::RefusedRow> take_refused() { return {}; }
};

class RowStore {
 public:
  virtual ~RowStore() = default;

  // What a fill by this owner would be called; no two fills share a place, so that a writer of an earlier one
  // that wakes up late reaches nothing.
  virtual std::string place_for(const ControlRow& row) const = 0;
  // Empty, at `place`; `previous` (may be empty or gone) is dropped.
  virtual base::Status make(const std::string& place, const std::string& previous) = 0;
  // From any thread.
  virtual base::Result<std::unique_ptr<RowLoader>> open_loader(const std::string& place) = 0;
  // Whatever makes it ready for readers and for prove().
  virtual base::Status finish_load(const std::string& place) = 0;
  // The rows of one epoch, but for those it gives. Again with the same changes: the same content. A part may
  // be written when it fails. Crash point "mid-epoch" where some rows are written and others are not.
  virtual base::Result<std::vector<protocol::RefusedRow>> write(const std::string& place,
                                                                const engine::Changes& changes,
                                                                std::int64_t epoch) = 0;
  // Of stores that refuse rows: the ids of all that an epoch writes.
  virtual std::vector<std::string> ids_of(const engine::Changes& changes) const {
    (void)changes;
    return {};
  }
  // Rows that were refused; what has been overwritten meanwhile stays.
  virtual base::Result<std::vector<protocol::RefusedRow>> write_again(
      const std::string& place, const std::vector<protocol::RowAgain>& rows) {
    (void)place;
    (void)rows;
    return base::internal("this store refuses no row by itself");
  }
  // Counted and hashed from what is there.
  virtual base::Result<types::Checksum> checksum(const std::string& place) = 0;
  // The public name shows `place` and nothing else from now on: one atomic call, which may be repeated.
  virtual base::Status publish(const std::string& place) = 0;
  // Housekeeping that may be left undone; called when no intent is open.
  virtual void tidy(const std::string& place) { (void)place; }
  // See Target::interrupt.
  virtual void interrupt() = 0;
};

}  // namespace offtake::targets::intent
