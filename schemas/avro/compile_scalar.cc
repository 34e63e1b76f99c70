#include <algorithm>

#include "schemas/avro/compile.h"
#include "schemas/avro/resolve.h"

namespace offtake::avro {
namespace {

// How many of a logical type's units are a microsecond or the other way round; 0: it is no time.
struct Unit {
  std::int64_t times = 0;
  std::int64_t divided = 0;
};

Unit unit_of(Logical logical) {
  switch (logical) {
    case Logical::kTimeMillis:
    case Logical::kTimestampMillis:
    case Logical::kLocalTimestampMillis:
      return {1000, 0};
    case Logical::kTimeMicros:
    case Logical::kTimestampMicros:
    case Logical::kLocalTimestampMicros:
      return {1, 0};
    case Logical::kTimestampNanos:
    case Logical::kLocalTimestampNanos:
      return {0, 1000};
    default:
      return {};
  }
}

bool is_integer(Kind kind) {
  return kind == Kind::kInt || kind == Kind::kLong;
}

}  // namespace

// REQUIRES: matches(writer, reader).
base::Result<Instruction> Compiler::scalar(const Node& writer, const Node& reader, const types::Type& type) {
  using types::TypeId;
  const Kind kind = writer.kind;
  switch (type.id) {
    case TypeId::kBoolean:
      if (kind == Kind::kBoolean) return Instruction{.op = Op::kBoolean};
      break;
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      if (is_integer(kind)) return read_integer(writer, reader, type);
      break;
    case TypeId::kFloat4:
      if (is_integer(kind)) return Instruction{.op = Op::kVarintToFloat};
      if (kind == Kind::kFloat) return Instruction{.op = Op::kFloat};
      break;
    case TypeId::kFloat8:
      if (is_integer(kind)) return Instruction{.op = Op::kVarintToDouble};
      if (kind == Kind::kFloat) return Instruction{.op = Op::kFloatToDouble};
      if (kind == Kind::kDouble) return Instruction{.op = Op::kDouble};
      break;
    case TypeId::kText:
      if (kind == Kind::kString || kind == Kind::kBytes) return Instruction{.op = Op::kText};
      if (kind == Kind::kEnum) return read_enum(writer, reader);
      break;
    case TypeId::kBytea:
      if (kind == Kind::kString || kind == Kind::kBytes) return Instruction{.op = Op::kBytes};
      if (kind == Kind::kFixed) return Instruction{.op = Op::kFixedBytes, .size = writer.size};
      break;
    case TypeId::kNumeric:
      return read_decimal(writer, reader, type);
    case TypeId::kUuid:
      if (kind == Kind::kString || kind == Kind::kBytes) return Instruction{.op = Op::kUuidText};
      if (kind == Kind::kFixed) return Instruction{.op = Op::kUuidBytes, .size = writer.size};
      break;
    case TypeId::kInterval:
      if (kind == Kind::kFixed) return Instruction{.op = Op::kDuration, .size = writer.size};
      break;
    case TypeId::kJsonb:
    case TypeId::kArray:
    case TypeId::kRecord:
    case TypeId::kMap:
      break;
  }
  return not_resolvable(writer, reader);
}

// A time in the writer's unit becomes the same instant, whatever unit the reader's schema has.
base::Result<Instruction> Compiler::read_integer(const Node& writer, const Node& reader,
                                                 const types::Type& type) {
  using types::TypeId;
  if (type.id == TypeId::kInt4 || type.id == TypeId::kDate) {
    if (writer.kind != Kind::kInt) return not_resolvable(writer, reader);
    return Instruction{.op = Op::kInt32};
  }
  if (type.id == TypeId::kInt8) return Instruction{.op = Op::kInt64};
  Unit unit = unit_of(writer.logical);
  if (unit.times == 0 && unit.divided == 0) unit = unit_of(reader.logical);
  if (type.id == TypeId::kTime) return Instruction{.op = Op::kTimeOfDay, .size = unit.times};
  if (unit.divided != 0) return Instruction{.op = Op::kInt64Divided, .size = unit.divided};
  if (unit.times == 1) return Instruction{.op = Op::kInt64};
  return Instruction{.op = Op::kInt64Times, .size = unit.times};
}

base::Result<Instruction> Compiler::read_enum(const Node& writer, const Node& reader) {
  const std::int32_t index = static_cast<std::int32_t>(program_->symbols.size());
  auto& symbols = program_->symbols.emplace_back();
  auto& known = program_->known_symbols.emplace_back();
  for (const std::string& symbol : writer.symbols) {
    const bool same = std::find(reader.symbols.begin(), reader.symbols.end(), symbol) != reader.symbols.end();
    const std::string& text = same ? symbol : reader.enum_default.value_or("");
    symbols.emplace_back(keep(text));
    known.push_back(same || reader.enum_default.has_value());
  }
  return Instruction{.op = Op::kEnum, .arg = index};
}

base::Result<Instruction> Compiler::read_decimal(const Node& writer, const Node& reader,
                                                 const types::Type& type) {
  DecimalRead decimal;
  if (writer.kind == Kind::kFixed) {
    decimal.size = writer.size;
  } else if (writer.kind != Kind::kBytes && writer.kind != Kind::kString) {
    return not_resolvable(writer, reader);
  }
  decimal.scale = writer.logical == Logical::kDecimal ? writer.scale : reader.scale;
  decimal.precision = type.precision;
  decimal.column_scale = type.scale;
  const bool digits_lost = decimal.scale > type.scale;
  const bool digits_missing =
      writer.logical == Logical::kDecimal && writer.precision - writer.scale > type.precision - type.scale;
  if (digits_lost || digits_missing) return not_resolvable(writer, reader);
  program_->decimals.push_back(decimal);
  return Instruction{.op = Op::kDecimal, .arg = static_cast<std::int32_t>(program_->decimals.size() - 1)};
}

}  // namespace offtake::avro
