#include "rows.h"

#include <cstdio>
#include <cstdlib>

namespace offtake::targets_test {

types::Batch batch_of(const std::vector<types::Field>& columns, const std::vector<TextRow>& rows) {
  types::Batch batch;
  batch.rows = rows.size();
  for (std::size_t column = 0; column < columns.size(); ++column) {
    types::ColumnBuilder builder(columns[column].type);
    for (const auto& row : rows) {
      if (row[column] == kNull) {
        builder.append_null();
      } else if (auto parsed = types::append_parsed(builder, row[column]); !parsed) {
        std::fprintf(stderr, "bad test value %s: %s\n", row[column].c_str(), parsed.error().text().c_str());
        std::abort();
      }
    }
    batch.columns.push_back(builder.finish());
  }
  return batch;
}

std::vector<TextRow> texts_of(const types::Batch& batch) {
  std::vector<TextRow> out(batch.rows);
  for (std::size_t row = 0; row < batch.rows; ++row) {
    for (const auto& column : batch.columns) {
      out[row].push_back(column->is_null(row) ? kNull : types::value_text(*column, row));
    }
  }
  return out;
}

types::Checksum checksum_of(const types::Batch& batch) {
  types::Checksum out;
  types::add_to(out, batch);
  return out;
}

void add(types::Checksum& total, const types::Checksum& more) {
  total.rows += more.rows;
  total.sum += more.sum;
}

types::Checksum negative(const types::Checksum& checksum) {
  return {-checksum.rows, 0 - checksum.sum};
}

}  // namespace offtake::targets_test
