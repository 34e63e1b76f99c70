// The proof of the demo: what a product's target holds against what SQLite itself makes of the raw records.
// The engine, its decoder of batches and its plan take no part: records are read up to the control row's
// offsets, decoded whole, loaded into tables of a scratch database, and the product's SQL is run there as it
// stands.
//
// REQUIRES: nobody writes to target or log meanwhile. One thread.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files/files.h"
#include "operators/sources/event_store.h"

namespace offtake::cli::demo {

struct SourceFacts {
  std::string dataset;  // "retail/orders", as the control row calls it
  std::string name;     // "orders", as the SQL calls it
  std::string topic;
  bool entity = false;    // the last record of each key counts
  bool windowed = false;  // counts from the product's start time on
  std::vector<std::string> key_columns;
  std::string event_time_column;       // empty: the record's timestamp
  std::map<int, std::string> schemas;  // by id
};

struct ProductFacts {
  std::string title, uid, sql;
  files::Path target;  // the SQLite file
  std::string object;  // the view in it
  base::Micros start_time = 0;
  std::vector<SourceFacts> sources;
};

struct CheckedSource {
  std::string name;
  std::int64_t records = 0;  // read from the log
  std::int64_t rows = 0;     // that count
};

struct CheckResult {
  int revision = 0;
  std::int64_t epoch = 0;
  std::vector<CheckedSource> sources;
  std::int64_t expected_rows = 0, target_rows = 0;
  std::int64_t missing = 0, surplus = 0;  // rows that only SQLite's answer has; that only the target has
  std::string example;                    // one such row
  bool equal() const { return missing == 0 && surplus == 0 && expected_rows == target_rows; }
};

base::Result<CheckResult> check_product(const ProductFacts& product, sources::EventStore& log,
                                        const files::Path& scratch_file);

// The query without what ends it.
std::string without_end(std::string sql);

// Alters one value of one row of the target behind the product's back: what a check must find. Gives what it
// did.
base::Result<std::string> tamper(const ProductFacts& product);

}  // namespace offtake::cli::demo
