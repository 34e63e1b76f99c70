// decode.json: bytes written by other implementations, and the rows they must become. See record.py.
#include <doctest/doctest.h>

#include "base/files/files.h"
#include "base/json/value.h"
#include "schemas/avro/columns.h"
#include "schemas/avro/decoder.h"
#include "schemas/types/batch.h"

namespace offtake::avro {
namespace {

std::string unhex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

struct Case {
  std::string name;
  Schema writer, reader;
  std::vector<types::Field> wanted;
  std::vector<std::string> records;
  std::vector<std::vector<std::string>> rows;
};

// The type of a path in the reader's schema.
types::Field wanted_field(const Schema& schema, const std::string& path) {
  const Node* node = &schema.root();
  bool nullable = false;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    if (node->kind == Kind::kUnion) {
      nullable = true;
      node = node->branches[node->branches[0]->kind == Kind::kNull ? 1 : 0];
    }
    node = node->find_field(rest.substr(0, dot))->type;
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  types::Field field = *column_of(*node, path);
  field.nullable = field.nullable || nullable;
  return field;
}

std::vector<Case> cases() {
  const auto text = files::read_file(std::string(AVRO_DATA) + "/decode.json");
  REQUIRE(text.ok());
  const auto document = json::parse(*text);
  REQUIRE(document.ok());
  std::vector<Case> out;
  for (const json::Value& value : document->as_array()) {
    const auto schema = [&](const char* member) {
      const auto parsed = parse(json::dump(value[member]));
      REQUIRE_MESSAGE(parsed.ok(), parsed.error().message);
      return *parsed;
    };
    const Schema writer = schema("writer");
    Case one{
        value.string_or("name"), writer, value["reader"].is_null() ? writer : schema("reader"), {}, {}, {}};
    if (value["wanted"].is_null()) {
      one.wanted = columns_of(one.reader).fields;
    } else {
      for (const json::Value& path : value["wanted"].as_array()) {
        one.wanted.push_back(wanted_field(one.reader, path.as_string()));
      }
    }
    for (const json::Value& record : value["records"].as_array())
      one.records.push_back(unhex(record.as_string()));
    for (const json::Value& row : value["rows"].as_array()) {
      auto& cells = one.rows.emplace_back();
      for (const json::Value& cell : row.as_array())
        cells.push_back(cell.is_null() ? "NULL" : cell.as_string());
    }
    out.push_back(std::move(one));
  }
  return out;
}

// doctest prints no nested vectors.
std::string listing(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (const auto& row : rows) {
    for (const std::string& cell : row) text += cell + " | ";
    text += '\n';
  }
  return text;
}

std::vector<types::ColumnBuilder> builders(const std::vector<types::Field>& fields) {
  std::vector<types::ColumnBuilder> out;
  for (const types::Field& field : fields) out.emplace_back(field.type);
  return out;
}

std::vector<std::vector<std::string>> rows_of(std::vector<types::ColumnBuilder>& columns, std::size_t count) {
  std::vector<std::vector<std::string>> rows(count);
  for (types::ColumnBuilder& builder : columns) {
    REQUIRE(builder.size() == count);
    const types::ColumnPtr column = builder.finish();
    // Nested values as they are held; value_text would print arrays with braces.
    const bool held = types::is_nested(column->type().id);
    for (std::size_t i = 0; i < count; ++i) {
      rows[i].push_back(held && !column->is_null(i) ? std::string(column->text(i))
                                                    : types::value_text(*column, i));
    }
  }
  return rows;
}

TEST_CASE("recorded bytes become the recorded rows") {
  for (const Case& one : cases()) {
    CAPTURE(one.name);
    auto decoder = Decoder::compile(one.writer, one.wanted, one.reader);
    REQUIRE_MESSAGE(decoder.ok(), decoder.error().message);
    const std::string program = decoder->explain();
    CAPTURE(program);
    const std::vector<std::string_view> records(one.records.begin(), one.records.end());
    for (const auto strings : {Decoder::Strings::kCopy, Decoder::Strings::kShare}) {
      auto columns = builders(one.wanted);
      std::vector<DecodeFailure> failures;
      decoder->decode(records, columns, failures, strings);
      for (const DecodeFailure& failure : failures) FAIL_CHECK(failure.error.message);
      CHECK(listing(rows_of(columns, records.size())) == listing(one.rows));
    }
  }
}

// Damaged records: every one either decodes or fails by itself, and the good ones around it are untouched.
TEST_CASE("truncated and changed records fail alone") {
  for (const Case& one : cases()) {
    CAPTURE(one.name);
    auto decoder = Decoder::compile(one.writer, one.wanted, one.reader);
    REQUIRE(decoder.ok());
    for (const std::string& record : one.records) {
      std::vector<std::string> damaged;
      for (std::size_t size = 0; size < record.size(); ++size) damaged.push_back(record.substr(0, size));
      for (std::size_t at = 0; at < record.size(); ++at) {
        for (const int bit : {0, 1, 6, 7}) {
          std::string changed = record;
          changed[at] = static_cast<char>(changed[at] ^ 1 << bit);
          damaged.push_back(std::move(changed));
        }
        std::string huge = record.substr(0, at) + std::string(12, '\xFF') + record.substr(at);
        damaged.push_back(std::move(huge));
      }
      // Exact allocations, so that the sanitizer sees a read past the end.
      std::vector<std::unique_ptr<char[]>> owned;
      std::vector<std::string_view> records;
      const auto add = [&](const std::string& bytes) {
        owned.push_back(std::make_unique<char[]>(bytes.size()));
        std::copy(bytes.begin(), bytes.end(), owned.back().get());
        records.emplace_back(owned.back().get(), bytes.size());
      };
      for (const std::string& bytes : damaged) {
        add(bytes);
        add(record);
      }
      auto columns = builders(one.wanted);
      std::vector<DecodeFailure> failures;
      decoder->decode(records, columns, failures);
      std::vector<bool> failed(records.size(), false);
      for (const DecodeFailure& failure : failures) {
        failed[failure.record] = true;
        CHECK(failure.record % 2 == 0);
        CHECK(failure.error.code == "RecordNotDecoded");
        CHECK(failure.error.retry == base::Retry::kRow);
      }
      const auto rows = rows_of(columns, records.size() - failures.size());
      const auto expected = one.rows[static_cast<std::size_t>(&record - one.records.data())];
      std::size_t row = 0;
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (failed[i]) continue;
        if (i % 2 == 1) CHECK(listing({rows[row]}) == listing({expected}));
        ++row;
      }
    }
  }
}

}  // namespace
}  // namespace offtake::avro
