#include "operators/targets/sqlite/row_values.h"

#include <cstdlib>

#include "base/crypto/crypto.h"

namespace offtake::targets::sqlite {
namespace {

constexpr const char* kReal = "real";
constexpr const char* kBlob = "blob";

json::Value value_of(const db::Statement& statement, int column) {
  json::Value out;
  switch (statement.type(column)) {
    case db::ColumnType::kNull:
      break;
    case db::ColumnType::kInteger:
      out = statement.int64(column);
      break;
    case db::ColumnType::kText:
      out = statement.text(column);
      break;
    case db::ColumnType::kReal:  // every bit, infinity too
      out.set(kReal, fmt::format("{:a}", statement.real(column)));
      break;
    case db::ColumnType::kBlob:
      out.set(kBlob, crypto::hex(statement.blob(column)));
      break;
  }
  return out;
}

base::Error damaged() {
  return base::terminal("BadControlRow", "a refused row of the ledger is not as it was written");
}

}  // namespace

json::Value row_values(const db::Statement& statement) {
  json::Value out = json::Value::array();
  for (int i = 0; i < statement.column_count(); ++i) out.push_back(value_of(statement, i));
  return out;
}

base::Status bind_values(db::Statement& statement, const json::Value& row) {
  if (!row.is_array()) return damaged();
  int parameter = 0;
  for (const auto& value : row.as_array()) {
    ++parameter;
    if (value.is_null()) {
      statement.bind(parameter, nullptr);
    } else if (value.is_int()) {
      statement.bind(parameter, value.as_int());
    } else if (value.is_string()) {
      statement.bind(parameter, std::string_view(value.as_string()));
    } else if (value.find(kReal) != nullptr) {
      statement.bind(parameter, std::strtod(value.string_or(kReal).c_str(), nullptr));
    } else {
      auto bytes = crypto::hex_decode(value.string_or(kBlob));
      if (!bytes) return damaged();
      statement.bind(parameter, db::Blob{*bytes});
    }
  }
  return {};
}

}  // namespace offtake::targets::sqlite
