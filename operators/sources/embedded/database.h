// The RocksDB that the log lives in: how it is opened, and what its failures mean.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rocksdb {
class DB;
class Status;
class WriteBatch;
}  // namespace rocksdb

namespace offtake::sources::embedded {

struct DatabaseOptions {
  std::string dir;  // made when missing, with its parents
  std::size_t memtable_bytes = 8 << 20;
  std::size_t cache_bytes = 4 << 20;
};

// Keeps the database open, over failed writes too. RocksDB does not come back from a write-ahead log that met
// a full disk (7.8 stops the process on an assertion instead), so that after any failed write nothing more is
// written through that instance: reads go on with it, and it is opened anew when there is room. Thread-safe.
//
// Blocks go to blob files: written once to the write-ahead log and once to their place, never rewritten by
// compactions.
class Database {
 public:
  // Codes LogLocked (another process has it), LogDamaged, LogUnavailable, DiskFull.
  static base::Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();

  // The instance for as long as the lease is held; iterators go before it. Null after a failed reopening.
  class Lease {
   public:
    explicit Lease(const Database& database);
    rocksdb::DB* operator->() const { return db_; }
    rocksdb::DB& operator*() const { return *db_; }
    explicit operator bool() const { return db_ != nullptr; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    rocksdb::DB* db_;
  };
  Lease use() const { return Lease(*this); }

  // Synced when it returns. After a failure all writes fail until reopen(). One thread at a time.
  base::Status write(rocksdb::WriteBatch& batch, std::string_view doing);
  bool failed() const { return failure_.has_value(); }
  // REQUIRES: failed(), no lease held by this thread. The first failure's error while there is no room.
  base::Status reopen();

 private:
  explicit Database(const DatabaseOptions& options);
  base::Status open_instance();
  const DatabaseOptions options_;
  mutable std::shared_mutex mutex_;  // guards db_
  std::unique_ptr<rocksdb::DB> db_;
  std::optional<base::Error> failure_;  // by the writing thread
};

base::Error database_closed();

// Code DiskFull (transient), LogDamaged (terminal) or LogUnavailable (transient). REQUIRES: !status.ok().
base::Error database_error(const rocksdb::Status& status, std::string_view doing);
base::Error disk_full(const std::string& dir, std::uint64_t free_bytes);

struct Space {
  std::uint64_t free_bytes = 0;  // for us, not for root
  std::uint64_t total_bytes = 0;
};
Space disk_space(const std::string& dir);  // all zero when it cannot be asked

}  // namespace offtake::sources::embedded
