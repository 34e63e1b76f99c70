// A made-up product whose content after n records is a function of n: a writer that was killed anywhere can
// be told what it should have written.
#pragma once
#include <map>
#include <string>

#include "operators/targets/target.h"
#include "rows.h"

namespace offtake::targets_test {

inline constexpr const char* kDataset = "test/log";
inline constexpr int kFillRows = 600;
inline constexpr int kPieceRows = 100;
inline constexpr int kEpochs = 12;

TableSpec workload_table(int revision);

// id -> row after the fill and `epochs` epochs.
using Model = std::map<int, TextRow>;
Model model_after(const TableSpec& table, int epochs);
std::vector<TextRow> rows_of(const Model& model);

// What epoch number `epoch` (from 1) changes: upserts, deletes, checksum.
engine::Changes changes_of_epoch(const TableSpec& table, int epoch);
engine::Changes piece_of_fill(const TableSpec& table, int piece);

struct WriterSettings {
  TargetConnection connection;
  std::string product_uid;
  int revision = 1;
  std::int64_t incarnation = 1;
  int epochs = kEpochs;
  bool publish = true;
};
std::string settings_text(const WriterSettings& settings);  // JSON
base::Result<WriterSettings> parse_settings(const std::string& text);

// A whole worker's life: recover from the control row, fill, publish, commit epochs until all are in.
base::Status run_writer(const WriterSettings& settings);

}  // namespace offtake::targets_test
