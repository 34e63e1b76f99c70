// Bulk load of one stream into a SQLite file. Rows wait in memory up to kBufferBytes, so that several streams
// decode side by side; beyond that, and in commit(), the stream holds the file's only write lock until its
// commit. One thread a loader.
#pragma once
#include <memory>
#include <mutex>

#include "operators/targets/sqlite/control.h"
#include "operators/targets/sqlite/rows.h"

namespace offtake::targets::sqlite {

inline constexpr std::size_t kBufferBytes = 16 << 20;

struct LoaderSettings {
  std::string path, product_uid, owner, stream;
  TableSpec table;
  std::shared_ptr<std::mutex>
      write_turn;  // between the loaders of one fill: SQLite's own lock does not queue
};

base::Result<std::unique_ptr<Loader>> open_sqlite_loader(LoaderSettings settings);

}  // namespace offtake::targets::sqlite
