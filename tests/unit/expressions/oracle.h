// The cases of tests/slt/expressions, recorded from PostgreSQL by tests/slt/record.py.
#pragma once
#include <string>
#include <vector>

#include "schemas/types/batch.h"

namespace offtake::test {

struct Case {
  std::string file;
  int line = 0;
  std::string expression;
  std::vector<std::string> answers;  // the type, then one a row; or one "refused …"
};

struct Rows {
  std::vector<types::Field> fields;
  types::Batch batch;
};

std::vector<Case> read_cases(const std::string& folder);
Rows read_rows(const std::string& path);

}  // namespace offtake::test
