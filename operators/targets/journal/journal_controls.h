// Control rows and progress of fills of one product in its journal. A revision's document is written under
// the transactional id of that revision: opening it is the fence (README).
//
// Thread-safe. Errors: kConflict where another one changed the document since it was read.
#pragma once
#include <functional>
#include <mutex>

#include "operators/targets/intent/control_store.h"
#include "operators/targets/journal/journal.h"

namespace offtake::targets::journal {

class JournalControls : public intent::ControlStore {
 public:
  JournalControls(std::shared_ptr<sources::EventStore> store, std::string product_uid);

  base::Result<std::vector<Stored>> read_all() override;
  base::Result<std::optional<Stored>> read(int revision) override;
  base::Result<std::string> write(const ControlRow& row, const std::string& version) override;
  base::Result<std::vector<FillProgress>> fill_progress(int revision) override;
  base::Status write_fill_progress(int revision, const FillProgress& progress) override;
  base::Status forget_fill(int revision) override;

  // As `write`, with what `add` puts into the same transaction: records of other topics, and entries of the
  // journal that it returns. `add` may be called twice, when another one had opened the revision's producer
  // meanwhile but changed nothing. Code OutcomeUnknown: reading tells.
  using Add = std::function<base::Result<std::vector<Change>>(sources::TransactionalProducer& producer)>;
  base::Result<std::string> write_with(const ControlRow& row, const std::string& version, const Add& add);
  // Records alone, in a transaction under the revision's id: only while its document has `version`.
  base::Status append_with(int revision, const std::string& version, const Add& add);

  // Opens the revision's producer, which ends every other one of it, and reads on to the high watermark. No
  // document is changed.
  base::Result<std::optional<Stored>> take(int revision);
  // The document, the progress of a fill and the revision's own entries are gone; it was fenced. Gone already
  // = success.
  base::Status forget(int revision);
  // The same where the document says that it was; code RevisionNotFenced (terminal) where it was not.
  base::Status drop_fenced(int revision);

  // Below it are the entries of one revision that whoever writes its document keeps beside it.
  static std::string own_prefix(int revision);
  // Those that begin so, in their order, as of the last call that read.
  std::vector<Change> entries(const std::string& prefix);

 private:
  base::Result<sources::TransactionalProducer*> writer(int revision);
  base::Result<std::optional<Stored>> stored(int revision) const;
  // REQUIRES: the mutex.
  base::Result<std::string> write_locked(int revision, const std::optional<ControlRow>& row,
                                         const std::string& version, const Add& add);
  base::Status change(int revision, const std::vector<Change>& changes);

  const std::shared_ptr<sources::EventStore> store_;
  const std::string product_uid_;
  std::mutex mutex_;  // guards what follows
  Journal journal_;
  std::map<int, std::unique_ptr<sources::TransactionalProducer>> writers_;
};

}  // namespace offtake::targets::journal
