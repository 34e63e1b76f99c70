#include "operators/sources/embedded/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <sys/statvfs.h>

#include <filesystem>

namespace offtake::sources::embedded {
namespace {

rocksdb::Options rocksdb_options(const DatabaseOptions& options) {
  rocksdb::Options out;
  out.create_if_missing = true;
  // Mid-log damage must fail, not silently end the replay: what follows it was acknowledged.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  out.write_buffer_size = options.memtable_bytes;
  out.arena_block_size = 64 << 10;
  out.max_write_buffer_number = 3;
  out.max_total_wal_size = 64 << 20;
  out.max_background_jobs = 2;
  out.max_open_files = 256;
  out.compression = rocksdb::kNoCompression;  // blocks are compressed already
  out.enable_blob_files = true;
  out.min_blob_size = 2 << 10;
  out.blob_file_size = 64 << 20;
  out.enable_blob_garbage_collection = true;
  out.stats_dump_period_sec = 0;
  out.stats_persist_period_sec = 0;
  out.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  out.keep_log_file_num = 3;
  out.max_log_file_size = 1 << 20;
  out.max_manifest_file_size = 4 << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes, /*num_shard_bits=*/0);
  table.cache_index_and_filter_blocks = true;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

}  // namespace

base::Result<std::unique_ptr<rocksdb::DB>> open_database(const DatabaseOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.dir, failed);
  if (failed) {
    return base::transient("LogUnavailable", fmt::format("the event log's folder {} cannot be made: {}",
                                                         options.dir, failed.message()));
  }
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(rocksdb_options(options), options.dir, &opened);
  if (status.ok()) return std::unique_ptr<rocksdb::DB>(opened);
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return base::terminal("LogLocked",
                          fmt::format("the event log in {} is in use by another process", options.dir))
        .with_hint("stop the other server, or choose another data directory")
        .with_detail(status.ToString());
  }
  return database_error(status, fmt::format("opening the event log in {}", options.dir));
}

base::Error database_error(const rocksdb::Status& status, std::string_view doing) {
  if (status.IsNoSpace()) {
    return base::transient("DiskFull", fmt::format("the disk is full: {} failed", doing))
        .with_hint("free space on it; appends go on by themselves")
        .with_detail(status.ToString());
  }
  if (status.IsCorruption()) {
    return base::terminal("LogDamaged",
                          fmt::format("the event log is damaged: {} failed: {}", doing, status.ToString()))
        .with_hint("restore the data directory from a copy")
        .with_detail(status.ToString());
  }
  return base::transient("LogUnavailable", fmt::format("{} failed: {}", doing, status.ToString()));
}

base::Error disk_full(const std::string& dir, std::uint64_t free_bytes) {
  return base::transient("DiskFull", fmt::format("the disk of the event log in {} is full: {} KiB are free",
                                                 dir, free_bytes >> 10))
      .with_hint("free space on it; appends go on by themselves");
}

Space disk_space(const std::string& dir) {
  struct statvfs about {};
  if (::statvfs(dir.c_str(), &about) != 0) return {};
  return {std::uint64_t{about.f_bavail} * about.f_frsize, std::uint64_t{about.f_blocks} * about.f_frsize};
}

}  // namespace offtake::sources::embedded
