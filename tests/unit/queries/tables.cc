#include "tests/unit/queries/tables.h"

#include <doctest/doctest.h>

#include <fstream>

namespace offtake::test {
namespace {

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (std::size_t at; (at = text.find(separator, begin)) != std::string::npos;
       begin = at + separator.size()) {
    out.push_back(text.substr(begin, at - begin));
  }
  out.push_back(text.substr(begin));
  return out;
}

Table read_head(const std::string& line) {
  Table table;
  const std::size_t colon = line.find(": "), semicolon = line.find("; key (");
  const auto head = split(line.substr(0, colon), " ");
  table.schema.id = {"retail", head[1]};
  for (char& c : table.schema.id.name) c = c == '_' ? '-' : c;
  table.schema.kind = head[2] == "Entity" ? plan::SourceUse::Kind::kEntity : plan::SourceUse::Kind::kEvent;
  for (std::string column : split(line.substr(colon + 2, semicolon - colon - 2), ", ")) {
    const bool nullable = column.back() != '!';
    if (!nullable) column.pop_back();
    const std::size_t space = column.find(' ');
    const auto type = types::parse_type(column.substr(space + 1));
    REQUIRE_MESSAGE(type.ok(), column);
    table.schema.columns.push_back({column.substr(0, space), *type, nullable});
  }
  table.schema.key = split(line.substr(semicolon + 7, line.size() - semicolon - 8), ", ");
  return table;
}

int column_of(const sql::DatasetSchema& schema, const std::string& name) {
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    if (schema.columns[i].name == name) return static_cast<int>(i);
  }
  FAIL(name);
  return -1;
}

void append(types::ColumnBuilder& builder, const std::string& cell) {
  if (cell == "\\N") {
    builder.append_null();
  } else {
    REQUIRE_MESSAGE(types::append_parsed(builder, cell).ok(), cell);
  }
}

}  // namespace

std::vector<Table> read_tables(const std::string& path) {
  std::vector<Table> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line.rfind("table ", 0) == 0) {
      out.push_back(read_head(line));
    } else if (line.rfind("then ", 0) == 0) {
      out.back().change.push_back({split(line.substr(5), "|"), false});
    } else if (line.rfind("delete ", 0) == 0) {
      out.back().change.push_back({split(line.substr(7), "|"), true});
    } else {
      out.back().load.push_back({split(line, "|"), false});
    }
  }
  return out;
}

sql::Catalog catalog_of(const std::vector<Table>& tables) {
  sql::Catalog catalog;
  catalog.schema = [&tables](const sql::DatasetName& name) -> base::Result<sql::DatasetSchema> {
    for (const Table& table : tables) {
      if (table.schema.id == name) return table.schema;
    }
    return base::waiting("DatasetNotFound", "there is no dataset " + name.text());
  };
  return catalog;
}

engine::SourceBatch batch_of(const Table& table, const plan::SourceUse& use,
                             const std::vector<Change>& changes, std::int64_t first_offset) {
  engine::SourceBatch out;
  std::vector<types::ColumnBuilder> columns;
  for (const types::Field& field : use.columns) columns.emplace_back(field.type);
  types::ColumnBuilder identity{types::Type(types::TypeId::kBytea)};
  for (const Change& change : changes) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto at = static_cast<std::size_t>(column_of(table.schema, use.columns[i].name));
      append(columns[i], change.deleted ? "\\N" : change.cells[at]);
    }
    std::string key;
    for (std::size_t i = 0; i < table.schema.key.size(); ++i) {
      const auto at = static_cast<std::size_t>(column_of(table.schema, table.schema.key[i]));
      types::ColumnBuilder one(table.schema.columns[at].type);
      append(one, change.deleted ? change.cells[i] : change.cells[at]);
      types::append_canonical(*one.finish(), 0, key);
    }
    identity.append_text(key);
    out.tombstone.push_back(change.deleted);
    out.offsets.push_back(first_offset + static_cast<std::int64_t>(out.offsets.size()));
    out.timestamps_ms.push_back(0);
  }
  out.rows.rows = changes.size();
  for (types::ColumnBuilder& column : columns) out.rows.columns.push_back(column.finish());
  if (use.kind == plan::SourceUse::Kind::kEntity) {
    out.identity = identity.finish();
  } else {
    out.tombstone.clear();
  }
  return out;
}

}  // namespace offtake::test
