// What a decoder runs: instructions over a record's bytes. Internal to this folder.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "schemas/avro/wire.h"
#include "schemas/types/column.h"

namespace offtake::avro {

enum class Op : std::uint8_t {
  kEnd,  // of the program or of a subroutine
  kJump,
  kFail,      // the writer's union branch has no counterpart in the reader's type
  kBranch,    // union: jumps by its index through tables[arg]
  kCall,      // a subroutine
  kConstant,  // a subroutine over constants[size] instead of the record
  kSave,      // remembers the place in the record
  kRestore,   // goes back to it
  kNull,      // the column is NULL
  kSkipVarints,
  kSkipBytes,
  kSkipSized,
  kSkipBlocks,  // arrays and maps; the subroutine for one item follows, `arg` is behind it
  // Reads into a column.
  kBoolean,
  kInt32,
  kInt64,
  kInt64Times,    // multiplied by `size`
  kInt64Divided,  // divided by `size`, rounded down
  kTimeOfDay,     // multiplied by `size`; must lie within a day
  kVarintToFloat,
  kVarintToDouble,
  kFloat,
  kFloatToDouble,
  kDouble,
  kText,
  kBytes,
  kFixedBytes,  // of `size`
  kEnum,        // symbols[arg]
  kDecimal,     // decimals[arg]
  kUuidText,
  kUuidBytes,
  kDuration,
  kJson,  // renders[arg]
};

inline constexpr std::uint8_t kNotNullable = 0xFF;
inline constexpr std::int64_t kVariableWidth = -1;

struct Instruction {
  Op op = Op::kEnd;
  std::uint8_t null_branch = kNotNullable;  // else the value is in a union of two, and this one is null
  std::uint16_t column = 0;
  std::int32_t arg = 0;
  std::int64_t size = 0;
  std::uint32_t field = 0;  // paths[field], for messages
};

struct DecimalRead {
  int scale = 0;                       // of the bytes
  std::int64_t size = kVariableWidth;  // bytes of a fixed
  int precision = 0;                   // of the column
  int column_scale = 0;
};

// Writes one value as JSON text. The order in which a record's fields are read is the writer's, the order in
// which they are written jsonb's.
struct Render {
  enum class What : std::uint8_t { kScalar, kRecord, kArray, kMap, kUnion, kNull, kConstant, kFail };
  What what = What::kNull;
  std::int32_t address = 0;  // kScalar: a subroutine that reads it into column 0
  types::Type type;          // kScalar
  std::uint32_t field = 0;
  struct Member {
    const Render* value = nullptr;
    std::int32_t skip = -1;     // instead of a value: a subroutine
    std::int32_t position = 0;  // in `names`
  };
  std::vector<Member> members;
  std::vector<std::string> names;       // kRecord: quoted, in the order of the output
  std::vector<const Render*> branches;  // kUnion: by index; kArray, kMap: [item]
  bool zero_width = false;              // kArray: an item takes no bytes
  std::string_view constant;            // kConstant: bytes for branches[0]
};

struct Program {
  std::vector<Instruction> code;
  std::vector<std::vector<std::int32_t>> tables;
  std::vector<std::vector<types::StringRef>> symbols;  // empty text with `missing` for none
  std::vector<std::vector<bool>> known_symbols;
  std::vector<DecimalRead> decimals;
  std::deque<Render> renders;
  std::vector<const Render*> roots;  // of kJson
  std::vector<std::string_view> constants;
  std::vector<std::string> paths;
  std::vector<types::Field> wanted;
  std::vector<bool> keeps_arena;  // a column may point into `arena`
  std::vector<std::string> defaulted;
  std::shared_ptr<types::Arena> arena;  // symbols and constants
};

}  // namespace offtake::avro
