#include "schemas/avro/decoder.h"

#include <algorithm>

#include "schemas/avro/compile.h"
#include "schemas/avro/run.h"

namespace offtake::avro {
namespace {

std::string_view fault_text(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      break;
    case Fault::kTruncated:
      return "the record ends inside it";
    case Fault::kVarint:
      return "a number has more than 64 bits";
    case Fault::kNegativeLength:
      return "a length is negative";
    case Fault::kBoolean:
      return "a boolean is neither 0 nor 1";
    case Fault::kUtf8:
      return "the text is not valid UTF-8";
    case Fault::kNul:
      return "a text inside of it contains U+0000, which JSON values cannot hold";
    case Fault::kBranch:
      return "the union has no branch of that number";
    case Fault::kSymbol:
      return "the enum symbol is unknown to the reader's schema, which has no default";
    case Fault::kRange:
      return "the value is out of the type's range";
    case Fault::kUuid:
      return "the text is no UUID";
    case Fault::kDepth:
      return "the value is nested too deeply";
    case Fault::kCount:
      return "an array has too many items of no size";
    case Fault::kBranchNotRead:
      return "the union branch that was written is not in the reader's schema";
  }
  return "the bytes are not what the schema says";
}

std::size_t value_bytes(const types::Field& wanted) {
  return types::width(types::physical(wanted.type.id));
}

// Grows the builder by `rows` values, whose bytes the program will write.
char* grow(types::ColumnBuilder& builder, const types::Field& wanted, std::size_t rows) {
  switch (types::physical(wanted.type.id)) {
    case types::Physical::kBool:
      return reinterpret_cast<char*>(builder.grow<std::uint8_t>(rows));
    case types::Physical::kInt32:
    case types::Physical::kFloat32:
      return reinterpret_cast<char*>(builder.grow<std::int32_t>(rows));
    case types::Physical::kInt64:
    case types::Physical::kFloat64:
      return reinterpret_cast<char*>(builder.grow<std::int64_t>(rows));
    case types::Physical::kNumeric:
      return reinterpret_cast<char*>(builder.grow<types::Numeric>(rows));
    case types::Physical::kInterval:
      return reinterpret_cast<char*>(builder.grow<types::Interval>(rows));
    case types::Physical::kUuid:
      return reinterpret_cast<char*>(builder.grow<types::Uuid>(rows));
    case types::Physical::kString:
      break;
  }
  return reinterpret_cast<char*>(builder.grow<types::StringRef>(rows));
}

}  // namespace

struct Decoder::Scratch {
  std::vector<ColumnOut> columns;
  std::vector<std::uint64_t> nulls;  // a bitmap a column
  std::string json;
};

Decoder::Decoder(std::shared_ptr<const Program> program)
    : program_(std::move(program)), scratch_(std::make_unique<Scratch>()) {}
Decoder::Decoder(Decoder&& other) noexcept = default;
Decoder& Decoder::operator=(Decoder&& other) noexcept = default;
Decoder::~Decoder() = default;

Decoder Decoder::fork() const {
  return Decoder(program_);
}
const std::vector<std::string>& Decoder::defaulted() const {
  return program_->defaulted;
}

base::Result<Decoder> Decoder::compile(const Schema& writer, std::span<const types::Field> wanted,
                                       const Schema& reader) {
  auto program = Compiler(writer, wanted, reader).run();
  if (!program) return std::move(program).error();
  return Decoder(std::move(*program));
}

void Decoder::decode(std::span<const std::string_view> records, std::span<types::ColumnBuilder> out,
                     std::vector<DecodeFailure>& failures, Strings strings) {
  const Program& program = *program_;
  const std::size_t words = (records.size() + 63) / 64;
  std::vector<ColumnOut>& columns = scratch_->columns;
  columns.assign(out.size(), ColumnOut{});
  scratch_->nulls.assign(words * out.size(), 0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto physical = types::physical(program.wanted[i].type.id);
    columns[i].values = grow(out[i], program.wanted[i], records.size());
    columns[i].nulls = scratch_->nulls.data() + i * words;
    if (physical == types::Physical::kNumeric || physical == types::Physical::kString) {
      columns[i].digits = &out[i].arena();
    }
    if (physical == types::Physical::kString && strings == Strings::kCopy) columns[i].arena = &out[i].arena();
    if (program.keeps_arena[i]) out[i].keep_alive(program.arena);
  }

  Run run{.program = program, .columns = columns.data(), .json = std::move(scratch_->json)};
  for (std::size_t i = 0; i < records.size(); ++i) {
    Cursor cursor(records[i]);
    const Fault fault = run.run(0, cursor);
    if (fault == Fault::kNone) [[likely]] {
      ++run.row;
      continue;
    }
    const std::string& path = program.paths[run.failed];
    const auto at = static_cast<std::size_t>(cursor.at - Cursor(records[i]).at);
    failures.push_back(
        {i, base::row_error("RecordNotDecoded", fmt::format("{}: {} (byte {} of {})",
                                                            path.empty() ? std::string("the value")
                                                                         : fmt::format("field \"{}\"", path),
                                                            fault_text(fault), at, records[i].size()))});
    run.failed = kNoField;
    // The next record takes this row.
    for (ColumnOut& column : columns) column.nulls[run.row >> 6] &= ~(std::uint64_t{1} << (run.row & 63));
  }
  scratch_->json = std::move(run.json);

  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t first = out[i].size() - records.size();
    for (std::size_t word = 0; word < words; ++word) {
      for (std::uint64_t bits = columns[i].nulls[word]; bits != 0; bits &= bits - 1) {
        out[i].set_null(first + word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      }
    }
    if (run.row < records.size()) {
      std::memset(columns[i].values + run.row * value_bytes(program.wanted[i]), 0,
                  (records.size() - run.row) * value_bytes(program.wanted[i]));
      out[i].truncate(first + run.row);
    }
  }
}

std::string Decoder::explain() const {
  static constexpr std::array<std::string_view, 29> kNames{"end",
                                                           "jump",
                                                           "fail",
                                                           "branch",
                                                           "call",
                                                           "constant",
                                                           "save",
                                                           "restore",
                                                           "null",
                                                           "skip varints",
                                                           "skip bytes",
                                                           "skip sized",
                                                           "skip blocks",
                                                           "boolean",
                                                           "int32",
                                                           "int64",
                                                           "int64 times",
                                                           "int64 over",
                                                           "time",
                                                           "varint to float",
                                                           "varint to double",
                                                           "float",
                                                           "float to double",
                                                           "double",
                                                           "text",
                                                           "bytes",
                                                           "fixed",
                                                           "enum",
                                                           "decimal"};
  static constexpr std::array<std::string_view, 4> kMore{"uuid text", "uuid", "duration", "json"};
  std::string out;
  for (std::size_t i = 0; i < program_->code.size(); ++i) {
    const Instruction& at = program_->code[i];
    const auto op = static_cast<std::size_t>(at.op);
    out += fmt::format("{:3} {}", i, op < kNames.size() ? kNames[op] : kMore[op - kNames.size()]);
    if (at.null_branch != kNotNullable) out += fmt::format(" or null({})", at.null_branch);
    if (at.op >= Op::kBoolean || at.op == Op::kNull) out += fmt::format(" -> {}", at.column);
    if (at.op == Op::kJump || at.op == Op::kCall || at.op == Op::kSkipBlocks)
      out += fmt::format(" @{}", at.arg);
    if (at.size != 0) out += fmt::format(" {}", at.size);
    if (!program_->paths[at.field].empty()) out += fmt::format("  # {}", program_->paths[at.field]);
    out += '\n';
  }
  return out;
}

}  // namespace offtake::avro
