// What a revision gathers before it takes its place, and the loaders that gather it.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "operators/targets/journal/journal_controls.h"
#include "operators/targets/topic/record_encoder.h"
#include "operators/targets/topic/stage.h"

namespace offtake::targets::topic {

// What the loaders of one fill share. Lost with the process.
struct Fill {
  std::unique_ptr<Stage> stage;
  std::mutex mutex;  // guards what follows
  std::map<std::string, FillProgress> progress;
};

// Deletes first, then what is new or changed. By key, or by position where the table's rows have none.
base::Result<std::vector<Stage::Row>> stage_rows(const TableSpec& table, const RecordEncoder& encoder,
                                                 const engine::Changes& changes);

// Fenced where the control document has another owner. REQUIRES: `controls` outlives the loader.
std::unique_ptr<Loader> make_loader(std::shared_ptr<Fill> fill, journal::JournalControls& controls,
                                    std::string owner, TableSpec table,
                                    std::unique_ptr<RecordEncoder> encoder, const std::string& stream);

}  // namespace offtake::targets::topic
