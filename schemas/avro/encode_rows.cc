// Rows of columns to Avro records.
#include <algorithm>
#include <cstring>
#include <limits>

#include "schemas/avro/columns.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/resolve.h"
#include "schemas/types/value_text.h"

namespace offtake::avro {
namespace {

base::Error not_encoded(const Field& field, std::string_view why) {
  return base::row_error("ValueNotEncoded", fmt::format("field \"{}\": {}", field.name, why));
}

template <class T>
void append_raw(const T& value, std::string& out) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

// One microsecond count in the unit of the logical type; rounded down, as the decoder does.
bool append_time(const Node& node, std::int64_t micros, std::string& out) {
  std::int64_t value = micros;
  switch (node.logical) {
    case Logical::kTimeMillis:
    case Logical::kTimestampMillis:
    case Logical::kLocalTimestampMillis:
      value = micros / 1000 - (micros % 1000 < 0 ? 1 : 0);
      break;
    case Logical::kTimestampNanos:
    case Logical::kLocalTimestampNanos:
      if (__builtin_mul_overflow(micros, std::int64_t{1000}, &value)) return false;
      break;
    default:
      break;
  }
  append_long(value, out);
  return true;
}

base::Status append_integer(const Field& field, const Node& node, std::int64_t value, std::string& out) {
  switch (node.kind) {
    case Kind::kInt:
    case Kind::kLong:
      append_long(value, out);
      return {};
    case Kind::kFloat:
      append_raw(static_cast<float>(value), out);
      return {};
    case Kind::kDouble:
      append_raw(static_cast<double>(value), out);
      return {};
    default:
      return not_encoded(field, fmt::format("a number is no {}", describe(node)));
  }
}

base::Status append_decimal(const Field& field, const Node& node, const types::Numeric& value,
                            std::string& out) {
  types::Arena arena(256);
  if (value.kind > types::Numeric::Kind::kBig) {
    return not_encoded(field, fmt::format("{} is no {}", types::to_string(value), describe(node)));
  }
  const auto fitted = types::fit(value, node.precision, node.scale, arena);
  if (!fitted)
    return not_encoded(field, fmt::format("{} does not fit {}", types::to_string(value), describe(node)));
  const std::string bytes = types::numeric_to_bytes(*fitted, node.scale);
  if (node.kind == Kind::kBytes) {
    append_sized(bytes, out);
    return {};
  }
  const auto size = static_cast<std::size_t>(node.size);
  if (bytes.size() > size) {
    return not_encoded(field, fmt::format("{} does not fit {}", types::to_string(value), describe(node)));
  }
  out.append(size - bytes.size(), !bytes.empty() && (bytes[0] & 0x80) != 0 ? '\xFF' : '\0');
  out += bytes;
  return {};
}

base::Status append_string(const Field& field, const Node& node, std::string_view text, std::string& out) {
  if (node.kind == Kind::kEnum) {
    const auto found = std::find(node.symbols.begin(), node.symbols.end(), text);
    if (found == node.symbols.end()) {
      return not_encoded(field, fmt::format("\"{}\" is no symbol of {}", text, describe(node)));
    }
    append_long(found - node.symbols.begin(), out);
  } else if (node.kind == Kind::kFixed) {
    if (text.size() != static_cast<std::size_t>(node.size)) {
      return not_encoded(
          field, fmt::format("{} bytes are not the {} of {}", text.size(), node.size, describe(node)));
    }
    out += text;
  } else {
    append_sized(text, out);
  }
  return {};
}

base::Status append_value(const Field& field, const Node& node, const types::Column& column, std::size_t row,
                          std::string& out) {
  using types::TypeId;
  switch (column.type().id) {
    case TypeId::kBoolean:
      out += column.values<std::uint8_t>()[row] != 0 ? '\1' : '\0';
      return {};
    case TypeId::kInt4:
    case TypeId::kDate:
      return append_integer(field, node, column.values<std::int32_t>()[row], out);
    case TypeId::kInt8:
      return append_integer(field, node, column.values<std::int64_t>()[row], out);
    case TypeId::kFloat4:
      append_raw(column.values<float>()[row], out);
      return {};
    case TypeId::kFloat8:
      append_raw(column.values<double>()[row], out);
      return {};
    case TypeId::kNumeric:
      return append_decimal(field, node, column.values<types::Numeric>()[row], out);
    case TypeId::kText:
    case TypeId::kBytea:
      return append_string(field, node, column.text(row), out);
    case TypeId::kUuid: {
      const types::Uuid& uuid = column.values<types::Uuid>()[row];
      if (node.kind == Kind::kFixed) {
        append_raw(uuid, out);
        return {};
      }
      std::string text;
      types::append_uuid(uuid, text);
      append_sized(text, out);
      return {};
    }
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      if (append_time(node, column.values<std::int64_t>()[row], out)) return {};
      return not_encoded(field, "the instant is out of range");
    case TypeId::kInterval: {
      const types::Interval& value = column.values<types::Interval>()[row];
      const std::int64_t millis = value.micros / 1000;
      if (value.months < 0 || value.days < 0 || millis < 0 ||
          millis > std::numeric_limits<std::uint32_t>::max()) {
        return not_encoded(field, "a duration has no negative parts and less than 50 days of time");
      }
      append_raw(static_cast<std::uint32_t>(value.months), out);
      append_raw(static_cast<std::uint32_t>(value.days), out);
      append_raw(static_cast<std::uint32_t>(millis), out);
      return {};
    }
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap: {
      const auto value = json::parse(column.text(row), 500);
      if (!value) return not_encoded(field, value.error().text());
      auto done = encode_json(node, *value, out);
      if (!done) return not_encoded(field, done.error().message);
      return {};
    }
  }
  return {};
}

// The branch of a union that takes a column's values; -1: none.
int value_branch(const Node& node, const types::Type& type) {
  for (std::size_t i = 0; i < node.branches.size(); ++i) {
    const auto column = column_of(*node.branches[i], "");
    if (column && column->type == type) return static_cast<int>(i);
  }
  return -1;
}

int null_branch(const Node& node) {
  for (std::size_t i = 0; i < node.branches.size(); ++i) {
    if (node.branches[i]->kind == Kind::kNull) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

base::Result<RowEncoder> RowEncoder::compile(const Schema& schema, std::span<const types::Field> columns) {
  const auto refuse = [](std::string message) {
    return base::terminal("SchemaNotResolvable", std::move(message));
  };
  if (schema.root().kind != Kind::kRecord) {
    return refuse(fmt::format("rows become records; the schema is {}", describe(schema.root())));
  }
  for (const types::Field& column : columns) {
    if (schema.root().find_field(column.name) == nullptr) {
      return refuse(fmt::format("the schema has no field for the column \"{}\"", column.name));
    }
  }
  std::vector<Target> targets;
  for (const Field& field : schema.root().fields) {
    Target target;
    target.field = &field;
    const auto column = std::find_if(columns.begin(), columns.end(), [&](const types::Field& candidate) {
      return candidate.name == field.name;
    });
    if (column == columns.end()) {
      if (!field.default_value) {
        return refuse(fmt::format("the field \"{}\" has neither a column nor a default", field.name));
      }
      if (auto done = encode_default(*field.type, *field.default_value, target.constant); !done)
        return done.error();
    } else {
      const auto mapped = column_of(*field.type, field.name);
      if (!mapped) return refuse(fmt::format("field \"{}\": {}", field.name, mapped.error().message));
      if (!(mapped->type == column->type)) {
        return refuse(fmt::format("field \"{}\": its type {} is {}, the column is {}", field.name,
                                  describe(*field.type), types::to_string(mapped->type),
                                  types::to_string(column->type)));
      }
      target.column = static_cast<int>(column - columns.begin());
      if (field.type->kind == Kind::kUnion) {
        target.value_branch = value_branch(*field.type, column->type);
        target.null_branch = null_branch(*field.type);
      }
    }
    targets.push_back(std::move(target));
  }
  return RowEncoder(schema, std::move(targets));
}

base::Status RowEncoder::encode(const types::Batch& batch, std::size_t row, std::string& out) const {
  const std::size_t start = out.size();
  for (const Target& target : targets_) {
    if (target.column < 0) {
      out += target.constant;
      continue;
    }
    const types::Column& column = *batch.columns[static_cast<std::size_t>(target.column)];
    const Node* node = target.field->type;
    base::Status done;
    if (column.is_null(row)) {
      if (target.null_branch >= 0) {
        append_long(target.null_branch, out);
        continue;
      }
      done = not_encoded(*target.field, fmt::format("NULL is no {}", describe(*node)));
    } else {
      if (node->kind == Kind::kUnion) {
        append_long(target.value_branch, out);
        node = node->branches[static_cast<std::size_t>(target.value_branch)];
      }
      done = append_value(*target.field, *node, column, row, out);
    }
    if (!done) {
      out.resize(start);
      return done;
    }
  }
  return {};
}

}  // namespace offtake::avro
