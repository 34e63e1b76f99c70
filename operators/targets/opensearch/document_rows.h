// The rows of one revision as documents of one index a fill.
#pragma once
#include <atomic>

#include "operators/targets/intent/row_store.h"
#include "operators/targets/opensearch/rest.h"

namespace offtake::targets::opensearch {

// What the indices that fills make are to have, in the server's words. Empty: as the cluster has it.
struct IndexSettings {
  std::string shards, replicas, refresh_interval;
};
IndexSettings index_settings(const std::map<std::string, std::string>& parameters);

class DocumentRows : public intent::RowStore {
 public:
  // `prefix`: the public name, and what all objects' names begin with.
  DocumentRows(std::shared_ptr<const Rest> rest, TableSpec table, std::string prefix,
               IndexSettings settings = {});

  std::string place_for(const ControlRow& row) const override;
  base::Status make(const std::string& place, const std::string& previous) override;
  base::Result<std::unique_ptr<intent::RowLoader>> open_loader(const std::string& place) override;
  base::Status finish_load(const std::string& place) override;
  base::Result<std::vector<protocol::RefusedRow>> write(const std::string& place,
                                                        const engine::Changes& changes,
                                                        std::int64_t epoch) override;
  std::vector<std::string> ids_of(const engine::Changes& changes) const override;
  base::Result<std::vector<protocol::RefusedRow>> write_again(
      const std::string& place, const std::vector<protocol::RowAgain>& rows) override;
  base::Result<types::Checksum> checksum(const std::string& place) override;
  base::Status publish(const std::string& place) override;
  void tidy(const std::string& place) override;
  void interrupt() override { stop_ = true; }

 private:
  base::Status send(const std::string& place, const class Bulk& bulk,
                    std::vector<protocol::RefusedRow>& refused);
  base::Status wait_for_green(const std::string& place);
  base::Result<types::Checksum> scroll(const std::string& place, int page);
  base::Status purge(const std::string& place, base::Micros before);

  const std::shared_ptr<const Rest> rest_;
  const TableSpec table_;
  const std::string prefix_;
  const IndexSettings settings_;
  std::atomic<bool> stop_ = false;
  base::Micros purged_at_ = 0;
};

// The public name of `prefix` shows `place` and nothing else, without what is deleted: one call.
base::Status point_alias(const Rest& rest, const std::string& prefix, const std::string& place);
// Indices behind an alias, or that have this name; ascending.
base::Result<std::vector<std::string>> indices_behind(const Rest& rest, const std::string& name);
base::Status drop_index(const Rest& rest, const std::string& index);  // gone already: success

}  // namespace offtake::targets::opensearch
