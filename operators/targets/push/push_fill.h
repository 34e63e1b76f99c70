// What a fill gathers of rows that are never sent: their keys. Lost with the process.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "operators/targets/journal/journal_controls.h"
#include "operators/targets/push/row_keys.h"

namespace offtake::targets::push {

// What the loaders of one fill share.
struct Fill {
  std::mutex mutex;  // guards what follows
  std::vector<KeyDigest> keys;
  std::map<std::string, FillProgress> progress;
};

// Fenced where the control document has another owner. REQUIRES: `controls` outlives the loader.
std::unique_ptr<Loader> make_loader(std::shared_ptr<Fill> fill, journal::JournalControls& controls,
                                    std::string owner, const TableSpec& table, const std::string& stream);

}  // namespace offtake::targets::push
