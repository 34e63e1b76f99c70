#include "schemas/avro/run.h"

#include <algorithm>
#include <limits>

#include "schemas/avro/render.h"
#include "schemas/types/numeric_small.h"

namespace offtake::avro {
namespace {

constexpr std::size_t kMaxRoomBytes = 4096;
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr int kMaxSaves = 16;

constexpr std::array<__int128, 39> powers_of_ten() {
  std::array<__int128, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<__int128, 39> kPowersOfTen = powers_of_ten();

Fault read_decimal(const DecimalRead& how, std::string_view bytes, types::Arena* arena,
                   types::Numeric& value) {
  if (bytes.size() <= 16 && how.precision <= 38 && how.scale == how.column_scale) {
    __int128 coefficient = !bytes.empty() && (bytes[0] & 0x80) != 0 ? -1 : 0;
    for (const char c : bytes) {
      coefficient = static_cast<__int128>(static_cast<unsigned __int128>(coefficient) << 8 |
                                          static_cast<unsigned char>(c));
    }
    const __int128 limit = kPowersOfTen[static_cast<std::size_t>(how.precision)];
    if (coefficient >= limit || coefficient <= -limit) return Fault::kRange;
    // Beyond, the same number has another form: two forms of it would not be equal.
    if (types::small::representable(coefficient)) {
      value = {.coefficient = coefficient, .scale = how.scale};
      return Fault::kNone;
    }
  }
  const auto exact = types::numeric_from_bytes(bytes, how.scale, *arena);
  if (!exact) return Fault::kRange;
  const auto fitted = types::fit(*exact, how.precision, how.column_scale, *arena);
  if (!fitted) return Fault::kRange;
  value = *fitted;
  return Fault::kNone;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Fault parse_uuid(std::string_view text, types::Uuid& uuid) {
  if (text.size() != 36) return Fault::kUuid;
  std::size_t at = 0;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (text[at++] != '-') return Fault::kUuid;
    }
    const int high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return Fault::kUuid;
    uuid[i] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  return Fault::kNone;
}

Fault parse_duration(const std::uint8_t* bytes, types::Interval& interval) {
  std::array<std::uint32_t, 3> parts;  // little endian: months, days, milliseconds
  std::memcpy(parts.data(), bytes, sizeof parts);
  if (parts[0] > std::numeric_limits<std::int32_t>::max() ||
      parts[1] > std::numeric_limits<std::int32_t>::max()) {
    return Fault::kRange;
  }
  interval = {static_cast<std::int32_t>(parts[0]), static_cast<std::int32_t>(parts[1]),
              std::int64_t{parts[2]} * 1000};
  return Fault::kNone;
}

template <class T>
Fault read_raw(Cursor& cursor, T& value) {
  if (cursor.left() < sizeof value) return Fault::kTruncated;
  std::memcpy(&value, cursor.at, sizeof value);
  cursor.at += sizeof value;
  return Fault::kNone;
}

}  // namespace

std::string_view ColumnOut::copy(std::string_view text) {
  if (text.size() > room_left) {
    if (text.size() > room_bytes / 4) return arena->copy(text);
    room = arena->allocate(room_bytes);
    room_left = room_bytes;
    room_bytes = std::min(room_bytes * 2, kMaxRoomBytes);
  }
  char* place = room;
  std::memcpy(place, text.data(), text.size());
  room += text.size();
  room_left -= text.size();
  return {place, text.size()};
}

Fault read_block(Cursor& cursor, std::int64_t& count, std::int64_t& bytes) {
  bytes = kVariableWidth;
  if (const Fault fault = read_long(cursor, count); fault != Fault::kNone) return fault;
  if (count >= 0) return Fault::kNone;
  if (count == std::numeric_limits<std::int64_t>::min()) return Fault::kNegativeLength;
  count = -count;
  if (const Fault fault = read_long(cursor, bytes); fault != Fault::kNone) return fault;
  if (bytes < 0) return Fault::kNegativeLength;
  return static_cast<std::uint64_t>(bytes) > cursor.left() ? Fault::kTruncated : Fault::kNone;
}

inline void Run::put_text(const Instruction& instruction, std::string_view text) {
  ColumnOut& out = columns[instruction.column];
  if (text.size() > types::StringRef::kInline && out.arena != nullptr) text = out.copy(text);
  new (reinterpret_cast<types::StringRef*>(out.values) + row) types::StringRef(text);
}

void Run::put_null(std::uint16_t column) {
  const std::size_t width = types::width(types::physical(program.wanted[column].type.id));
  std::memset(columns[column].values + row * width, 0, width);
  columns[column].nulls[row >> 6] |= std::uint64_t{1} << (row & 63);
}

Fault Run::skip_blocks(std::int32_t address, const Instruction& instruction, Cursor& cursor, int depth) {
  while (true) {
    std::int64_t count = 0, bytes = 0;
    if (const Fault fault = read_block(cursor, count, bytes); fault != Fault::kNone) return fault;
    if (count == 0) return Fault::kNone;
    if (bytes != kVariableWidth) {
      cursor.at += bytes;
      continue;
    }
    const std::int64_t width = instruction.size;
    if (width == 0) continue;
    if (width != kVariableWidth) {
      if (static_cast<std::uint64_t>(count) > cursor.left() / static_cast<std::uint64_t>(width)) {
        return Fault::kTruncated;
      }
      cursor.at += count * width;
      continue;
    }
    for (; count > 0; --count) {
      const std::uint8_t* before = cursor.at;
      if (const Fault fault = run(address, cursor, depth + 1); fault != Fault::kNone) return fault;
      if (cursor.at == before) return Fault::kCount;  // never true for an item that data can have
    }
  }
}

// The record is done as quickly as its bytes allow: one pass over the program, no allocation but for long
// strings.
Fault Run::run(std::int32_t address, Cursor& cursor, int depth) {
  if (depth > kMaxDepth) return Fault::kDepth;
  const Instruction* at = program.code.data() + address;
  std::array<const std::uint8_t*, kMaxSaves> saved;
  Fault fault = Fault::kNone;
  for (;; ++at) {
    if (at->null_branch != kNotNullable) {
      std::int64_t branch = 0;
      fault = read_long(cursor, branch);
      if (fault != Fault::kNone) break;
      if (branch == at->null_branch) {
        if (at->op >= Op::kBoolean) put_null(at->column);
        continue;
      }
      if ((branch ^ 1) != at->null_branch) {
        fault = Fault::kBranch;
        break;
      }
    }
    switch (at->op) {
      case Op::kEnd:
        return Fault::kNone;
      case Op::kJump:
        at = program.code.data() + at->arg - 1;
        continue;
      case Op::kFail:
        fault = Fault::kBranchNotRead;
        break;
      case Op::kBranch: {
        std::int64_t branch = 0;
        fault = read_long(cursor, branch);
        if (fault != Fault::kNone) break;
        const auto& table = program.tables[static_cast<std::size_t>(at->arg)];
        if (static_cast<std::uint64_t>(branch) >= table.size()) {
          fault = Fault::kBranch;
          break;
        }
        at = program.code.data() + table[static_cast<std::size_t>(branch)] - 1;
        continue;
      }
      case Op::kCall:
        if (const Fault inner = run(at->arg, cursor, depth + 1); inner != Fault::kNone) return inner;
        continue;
      case Op::kConstant: {
        Cursor constant(program.constants[static_cast<std::size_t>(at->size)]);
        if (const Fault inner = run(at->arg, constant, depth + 1); inner != Fault::kNone) return inner;
        continue;
      }
      case Op::kSave:
        saved[static_cast<std::size_t>(at->arg)] = cursor.at;
        continue;
      case Op::kRestore:
        cursor.at = saved[static_cast<std::size_t>(at->arg)];
        continue;
      case Op::kNull:
        put_null(at->column);
        continue;
      case Op::kSkipVarints:
        for (std::int64_t left = at->size; left > 0 && fault == Fault::kNone; --left)
          fault = skip_long(cursor);
        break;
      case Op::kSkipBytes:
        fault = skip_bytes(cursor, static_cast<std::uint64_t>(at->size));
        break;
      case Op::kSkipSized:
        for (std::int64_t left = at->size; left > 0 && fault == Fault::kNone; --left) {
          std::string_view skipped;
          fault = read_sized(cursor, skipped);
        }
        break;
      case Op::kSkipBlocks: {
        const auto item = static_cast<std::int32_t>(at - program.code.data()) + 1;
        if (const Fault inner = skip_blocks(item, *at, cursor, depth); inner != Fault::kNone) {
          if (failed == kNoField) failed = at->field;
          return inner;
        }
        at = program.code.data() + at->arg - 1;
        continue;
      }
      case Op::kInt64: {
        std::int64_t value = 0;
        fault = read_long(cursor, value);
        put(*at, value);
        break;
      }
      case Op::kText: {
        std::string_view text;
        fault = read_sized(cursor, text);
        if (fault == Fault::kNone && !is_utf8(text)) fault = Fault::kUtf8;
        if (fault == Fault::kNone) put_text(*at, text);
        break;
      }
      default:
        fault = read_value(*at, cursor, depth);
        break;
    }
    if (fault != Fault::kNone) break;
  }
  if (failed == kNoField) failed = at->field;
  return fault;
}

Fault Run::read_value(const Instruction& instruction, Cursor& cursor, int depth) {
  std::int64_t integer = 0;
  switch (instruction.op) {
    case Op::kInt32:
    case Op::kInt64Times:
    case Op::kInt64Divided:
    case Op::kTimeOfDay:
    case Op::kVarintToFloat:
    case Op::kVarintToDouble:
    case Op::kEnum:
      if (const Fault fault = read_long(cursor, integer); fault != Fault::kNone) return fault;
      break;
    default:
      break;
  }
  switch (instruction.op) {
    case Op::kBoolean: {
      std::uint8_t value = 0;
      if (const Fault fault = read_raw(cursor, value); fault != Fault::kNone) return fault;
      if (value > 1) return Fault::kBoolean;
      put(instruction, value);
      return Fault::kNone;
    }
    case Op::kInt32:
      if (integer != static_cast<std::int32_t>(integer)) return Fault::kRange;
      put(instruction, static_cast<std::int32_t>(integer));
      return Fault::kNone;
    case Op::kInt64Times: {
      std::int64_t product = 0;
      if (__builtin_mul_overflow(integer, instruction.size, &product)) return Fault::kRange;
      put(instruction, product);
      return Fault::kNone;
    }
    case Op::kInt64Divided:
      put(instruction, integer / instruction.size - (integer % instruction.size < 0 ? 1 : 0));
      return Fault::kNone;
    case Op::kTimeOfDay:
      if (integer < 0 || integer > kMicrosPerDay / instruction.size) return Fault::kRange;
      put(instruction, integer * instruction.size);
      return Fault::kNone;
    case Op::kVarintToFloat:
      put(instruction, static_cast<float>(integer));
      return Fault::kNone;
    case Op::kVarintToDouble:
      put(instruction, static_cast<double>(integer));
      return Fault::kNone;
    case Op::kFloat:
    case Op::kFloatToDouble: {
      float value = 0;
      if (const Fault fault = read_raw(cursor, value); fault != Fault::kNone) return fault;
      if (instruction.op == Op::kFloat) {
        put(instruction, value);
      } else {
        put(instruction, static_cast<double>(value));
      }
      return Fault::kNone;
    }
    case Op::kDouble: {
      double value = 0;
      if (const Fault fault = read_raw(cursor, value); fault != Fault::kNone) return fault;
      put(instruction, value);
      return Fault::kNone;
    }
    case Op::kBytes: {
      std::string_view bytes;
      if (const Fault fault = read_sized(cursor, bytes); fault != Fault::kNone) return fault;
      put_text(instruction, bytes);
      return Fault::kNone;
    }
    case Op::kFixedBytes: {
      const std::string_view bytes(reinterpret_cast<const char*>(cursor.at),
                                   static_cast<std::size_t>(instruction.size));
      if (const Fault fault = skip_bytes(cursor, bytes.size()); fault != Fault::kNone) return fault;
      put_text(instruction, bytes);
      return Fault::kNone;
    }
    case Op::kEnum: {
      const auto table = static_cast<std::size_t>(instruction.arg);
      const auto index = static_cast<std::size_t>(integer);
      if (index >= program.symbols[table].size() || !program.known_symbols[table][index])
        return Fault::kSymbol;
      put(instruction, program.symbols[table][index]);
      return Fault::kNone;
    }
    case Op::kDecimal: {
      const DecimalRead& how = program.decimals[static_cast<std::size_t>(instruction.arg)];
      std::string_view bytes;
      if (how.size == kVariableWidth) {
        if (const Fault fault = read_sized(cursor, bytes); fault != Fault::kNone) return fault;
      } else {
        bytes = {reinterpret_cast<const char*>(cursor.at), static_cast<std::size_t>(how.size)};
        if (const Fault fault = skip_bytes(cursor, bytes.size()); fault != Fault::kNone) return fault;
      }
      types::Numeric value;
      if (const Fault fault = read_decimal(how, bytes, columns[instruction.column].digits, value);
          fault != Fault::kNone) {
        return fault;
      }
      put(instruction, value);
      return Fault::kNone;
    }
    case Op::kUuidText: {
      std::string_view text;
      types::Uuid uuid;
      if (const Fault fault = read_sized(cursor, text); fault != Fault::kNone) return fault;
      if (const Fault fault = parse_uuid(text, uuid); fault != Fault::kNone) return fault;
      put(instruction, uuid);
      return Fault::kNone;
    }
    case Op::kUuidBytes: {
      types::Uuid uuid;
      if (const Fault fault = read_raw(cursor, uuid); fault != Fault::kNone) return fault;
      put(instruction, uuid);
      return Fault::kNone;
    }
    case Op::kDuration: {
      std::array<std::uint8_t, 12> bytes;
      types::Interval interval;
      if (const Fault fault = read_raw(cursor, bytes); fault != Fault::kNone) return fault;
      if (const Fault fault = parse_duration(bytes.data(), interval); fault != Fault::kNone) return fault;
      put(instruction, interval);
      return Fault::kNone;
    }
    case Op::kJson: {
      json.clear();
      const Render& root = *program.roots[static_cast<std::size_t>(instruction.arg)];
      std::uint32_t inner = kNoField;
      const Fault fault = render_json(program, root, cursor, json, inner, depth + 1);
      if (fault != Fault::kNone) {
        failed = inner;
        return fault;
      }
      ColumnOut& out = columns[instruction.column];
      std::string_view text = json;
      if (text.size() > types::StringRef::kInline)
        text = out.digits->copy(text);  // the scratch is used again
      put(instruction, types::StringRef(text));
      return Fault::kNone;
    }
    default:
      return Fault::kNone;
  }
}

}  // namespace offtake::avro
