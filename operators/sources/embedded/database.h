// The RocksDB that the log lives in: how it is opened, and what its failures mean.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rocksdb {
class DB;
class Status;
}  // namespace rocksdb

namespace offtake::sources::embedded {

struct DatabaseOptions {
  std::string dir;  // made when missing, with its parents
  std::size_t memtable_bytes = 8 << 20;
  std::size_t cache_bytes = 4 << 20;
};

// Blocks go to blob files: written once to the write-ahead log and once to their place, never rewritten by
// compactions. Codes LogLocked (another process has it), LogDamaged, LogUnavailable.
base::Result<std::unique_ptr<rocksdb::DB>> open_database(const DatabaseOptions& options);

// Code DiskFull (transient), LogDamaged (terminal) or LogUnavailable (transient). REQUIRES: !status.ok().
base::Error database_error(const rocksdb::Status& status, std::string_view doing);
base::Error disk_full(const std::string& dir, std::uint64_t free_bytes);

struct Space {
  std::uint64_t free_bytes = 0;  // for us, not for root
  std::uint64_t total_bytes = 0;
};
Space disk_space(const std::string& dir);  // all zero when it cannot be asked

}  // namespace offtake::sources::embedded
