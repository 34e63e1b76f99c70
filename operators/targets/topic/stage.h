// What the topic is to hold, gathered while a revision is filled and catches up, on disk and by key; and what
// it holds, read once when the revision takes its place: the difference is what is written. A file of its own
// that goes with the object.
//
// Thread-safe but for `for_each_…`, during which nothing else is called. Errors: DiskFull, IoError
// (transient), Interrupted.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/files/files.h"
#include "base/result.h"
#include "base/sqlite/database.h"

namespace offtake::targets::topic {

class Stage {
 public:
  static base::Result<std::unique_ptr<Stage>> make();

  struct Row {
    std::string key;
    std::optional<std::string> value;  // absent: gone
  };
  // All of them or none. With `new_only`, a key that is there is refused: its place among the rows.
  base::Result<std::optional<std::size_t>> put(const std::vector<Row>& rows, bool new_only);

  // What the topic holds now, key by key, the latest last.
  base::Status put_present(const std::vector<Row>& rows);
  base::Status forget_present();
  base::Result<std::int64_t> rows();

  // In key order: what the topic lacks or holds otherwise, then what it holds too many.
  base::Status for_each_difference(const std::function<base::Status(Row&&)>& row);

  // The values of what is wanted, or of what is present.
  enum class Side { kWanted, kPresent };
  base::Status for_each_value(Side side, const std::function<base::Status(std::string_view)>& value);

  void interrupt() { database_.interrupt(); }

 private:
  Stage(files::TempDir directory, sqlite::Database database)
      : directory_(std::move(directory)), database_(std::move(database)) {}
  files::TempDir directory_;
  sqlite::Database database_;
  std::mutex mutex_;
};

}  // namespace offtake::targets::topic
