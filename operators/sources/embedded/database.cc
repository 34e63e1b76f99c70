#include "operators/sources/embedded/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <filesystem>

#include "base/log.h"

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

Database::Database(const DatabaseOptions& options) : options_(options) {}
Database::~Database() = default;

Database::Lease::Lease(const Database& database) : lock_(database.mutex_), db_(database.db_.get()) {}

base::Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.dir, failed);
  if (failed) {
    return base::transient("LogUnavailable", fmt::format("the event log's folder {} cannot be made: {}",
                                                         options.dir, failed.message()));
  }
  std::unique_ptr<Database> database(new Database(options));
  if (auto opened = database->open_instance(); !opened) return std::move(opened).error();
  return database;
}

base::Status Database::open_instance() {
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(rocksdb_options(options_), options_.dir, &opened);
  if (status.ok()) {
    db_.reset(opened);
    return {};
  }
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return base::terminal("LogLocked",
                          fmt::format("the event log in {} is in use by another process", options_.dir))
        .with_hint("stop the other server, or choose another data directory")
        .with_detail(status.ToString());
  }
  return database_error(status, fmt::format("opening the event log in {}", options_.dir));
}

base::Status Database::write(rocksdb::WriteBatch& batch, std::string_view doing) {
  if (failure_) return *failure_;
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto lease = use();
  if (!lease) return database_closed();
  const auto status = lease->Write(options, &batch);
  if (status.ok()) return {};
  failure_ = database_error(status, doing);
  base::log_error("writing to the event log failed",
                  {{"error", failure_->text()}, {"detail", failure_->detail}});
  return *failure_;
}

base::Status Database::reopen() {
  // Opening writes what the write-ahead log holds to its place: better no attempt than one without room,
  // which would end reading as well.
  const std::uint64_t room = 2 * options_.memtable_bytes + (4 << 20);
  if (db_ && disk_space(options_.dir).free_bytes < room) return *failure_;
  const std::unique_lock lock(mutex_);
  db_.reset();
  if (auto opened = open_instance(); !opened) return opened;
  failure_.reset();
  return {};
}

base::Error database_closed() {
  return base::transient("LogUnavailable", "the event log could not be opened again after a failed write")
      .with_hint("free space on its disk; it is tried again with the next append");
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
