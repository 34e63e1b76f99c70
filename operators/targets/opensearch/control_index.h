// The control documents of a product in an index of their own, changed by if_seq_no and if_primary_term.
#pragma once
#include "operators/targets/intent/control_store.h"
#include "operators/targets/opensearch/rest.h"

namespace offtake::targets::opensearch {

// Hidden, with one shard; again: nothing happens.
base::Status make_control_index(const Rest& rest, const std::string& prefix);

class ControlIndex : public intent::ControlStore {
 public:
  ControlIndex(std::shared_ptr<const Rest> rest, const std::string& prefix);

  base::Result<std::vector<Stored>> read_all() override;
  base::Result<std::optional<Stored>> read(int revision) override;
  base::Result<std::string> write(const ControlRow& row, const std::string& version) override;
  base::Result<std::vector<FillProgress>> fill_progress(int revision) override;
  base::Status write_fill_progress(int revision, const FillProgress& progress) override;
  base::Status forget_fill(int revision) override;
  // Of a fenced revision.
  base::Status drop(int revision);

  // Any other document, such as whose the product is; "" where there is none.
  base::Result<std::string> read_document(const std::string& id);
  // Only where there is none, or over what is there. Code kConflict.
  base::Status write_document(const std::string& id, std::string_view kind, std::string_view document,
                              bool over);

 private:
  struct Found {
    std::string id, version, document;
  };
  base::Result<std::vector<Found>> search(std::string_view kind, int revision);
  base::Result<std::string> put(const std::string& id, std::string_view kind, int revision,
                                std::string_view document, const std::string& condition);

  const std::shared_ptr<const Rest> rest_;
  const std::string index_, alias_;
};

}  // namespace offtake::targets::opensearch
