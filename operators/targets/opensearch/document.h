// Rows as documents: how each type is mapped and how its value stands in `_source`, reading it back, and the
// document's id. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "operators/targets/target.h"

namespace offtake::targets::opensearch {

inline constexpr std::string_view kDeletedField = "_offtake_deleted";
inline constexpr std::string_view kDeletedAtField = "_offtake_deleted_at";
// Lucene's longest term: a longer keyword would be refused with its whole document.
inline constexpr std::size_t kMaxKeywordBytes = 32'766;
inline constexpr std::size_t kMaxIdBytes = 512;

// "keyword", "date_nanos": in the engine's words, for plans and errors.
std::string field_type(const types::Type& type);
json::Value field_mapping(const types::Type& type);
// The whole mapping of a table: strict, with the columns' order in `_meta`.
json::Value table_mapping(const TableSpec& table);

// Appends the value that protocol::append_json_value wrote. Code BadStoredValue (terminal) for anything else.
base::Status read_value(std::string_view slice, types::ColumnBuilder& builder);

void append_document(const std::vector<types::Field>& columns, const types::Batch& rows, std::size_t row,
                     std::string& out);
std::string deleted_document(base::Micros at);

// Documents read back, into rows of the table.
class DocumentReader {
 public:
  explicit DocumentReader(const TableSpec& table);
  base::Status add(std::string_view source);
  std::size_t rows() const { return rows_; }
  types::Batch finish();  // and begins anew

 private:
  std::vector<std::string> names_;  // as they are written in a document
  std::vector<types::ColumnBuilder> builders_;
  std::size_t rows_ = 0;
};

// Equal where SQL calls the values equal, and readable where they are short: the values with '|' between
// them; '\' and '|' escaped, NULL as \N, an empty text as \e. Over 512 bytes: \h and the SHA-256 of it.
std::string document_id(const types::Batch& rows, const std::vector<int>& columns, std::size_t row);

}  // namespace offtake::targets::opensearch
