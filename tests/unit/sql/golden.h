// Cases of the .plan and .errors files: a statement, and what the compiler makes of it.
//
//   === title; key=payment_id; start=2026-08-25T00:00:00Z
//   SELECT …
//   ---
//   what is expected
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controlplane/sql/compile.h"

namespace offtake::test {

struct Golden {
  std::string title;
  std::string sql;
  std::string expected;
  std::optional<std::vector<std::string>> key;
  std::optional<std::int64_t> start_us;
};

std::vector<Golden> read_golden(const std::string& path);
void write_golden(const std::string& path, const std::vector<Golden>& cases);
std::vector<std::string> golden_files(const std::string& folder, const std::string& extension);

// The datasets of datasets.txt; the others are missing, and those of other.secret-data not to be read.
sql::Catalog test_catalog(const std::string& folder);
sql::CompileInput input_of(const Golden& golden, const sql::Catalog& catalog);

}  // namespace offtake::test
