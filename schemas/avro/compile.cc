#include "schemas/avro/compile.h"

#include <algorithm>

#include "schemas/avro/columns.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/resolve.h"

namespace offtake::avro {
namespace {

constexpr int kMaxSaves = 16;
constexpr std::size_t kInlineSkipNesting = 32;
constexpr std::size_t kInlineSkipLimit = 2000;  // instructions, beyond which skips become subroutines

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    segments.emplace_back(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return segments;
}

}  // namespace

Compiler::Within::Within(Compiler& in, std::string_view segment) : compiler(in), before(in.path_) {
  if (!compiler.path_.empty() && segment.front() != '[' && segment.front() != '{') compiler.path_ += '.';
  compiler.path_ += segment;
}

Compiler::Compiler(const Schema& writer, std::span<const types::Field> wanted, const Schema& reader)
    : writer_(writer), reader_(reader), program_(std::make_shared<Program>()) {
  program_->wanted.assign(wanted.begin(), wanted.end());
  program_->keeps_arena.assign(wanted.size(), false);
  program_->arena = std::make_shared<types::Arena>(4096);
}

base::Error Compiler::refuse(std::string message) const {
  const std::string where = path_.empty() ? "the value" : fmt::format("field \"{}\"", path_);
  return base::terminal("SchemaNotResolvable", fmt::format("{}: {}", where, message));
}

base::Error Compiler::not_resolvable(const Node& writer, const Node& reader) const {
  return refuse(fmt::format("data written as {} cannot be read as {}", describe(writer), describe(reader)));
}

std::uint32_t Compiler::field_index() {
  const auto [found, added] =
      path_indexes_.emplace(path_, static_cast<std::uint32_t>(program_->paths.size()));
  if (added) program_->paths.push_back(path_);
  return found->second;
}

base::Result<std::shared_ptr<const Program>> Compiler::run() {
  if (program_->wanted.size() > 60'000) return refuse("more than 60000 columns are wanted");
  if (auto checked = check_wanted(); !checked) return checked.error();
  Wants wants;
  for (std::size_t i = 0; i < program_->wanted.size(); ++i) {
    wants.push_back({split_path(program_->wanted[i].name), static_cast<std::uint16_t>(i)});
  }
  if (!wants.empty()) {
    if (auto done = emit_wants(writer_.root(), reader_.root(), wants, true); !done) return done.error();
  }
  emit({.op = Op::kEnd});
  // Subroutines; writing one may ask for others.
  while (!later_.empty() || !skips_.empty()) {
    if (!later_.empty()) {
      const auto next = std::move(later_.back());
      later_.pop_back();
      if (auto done = next(); !done) return done.error();
      continue;
    }
    auto node = skips_.extract(skips_.begin());
    const auto known = skip_addresses_.find(node.key());
    std::int32_t address = 0;
    if (known != skip_addresses_.end()) {
      address = known->second;
    } else {
      address = here();
      skip_addresses_.emplace(node.key(), address);
      if (node.key()->kind == Kind::kRecord) {
        for (const Field& field : node.key()->fields) {
          const Within within(*this, field.name);
          emit_skip(*field.type);
        }
      } else {
        emit_skip(*node.key());
      }
      emit({.op = Op::kEnd});
    }
    for (const auto& patch : node.mapped()) patch(address);
  }
  return std::shared_ptr<const Program>(program_);
}

// Every wanted path exists in the reader schema and has the type that is asked for.
base::Status Compiler::check_wanted() {
  for (const types::Field& wanted : program_->wanted) {
    const Within within(*this, wanted.name);
    const Node* node = &reader_.root();
    for (const std::string& segment : split_path(wanted.name)) {
      if (node->kind == Kind::kUnion) {
        const std::uint8_t null_branch = null_branch_of(*node);
        if (null_branch != kNotNullable) node = node->branches[1 - null_branch];
      }
      const Field* field = node->kind == Kind::kRecord ? node->find_field(segment) : nullptr;
      if (field == nullptr) {
        return refuse(fmt::format("the schema has no \"{}\" in {}", segment, describe(*node)));
      }
      node = field->type;
    }
    const base::Result<types::Field> column = column_of(*node, wanted.name);
    if (!column) return refuse(column.error().message);
    if (!(column->type == wanted.type)) {
      return refuse(fmt::format("the schema's type {} is {}, not {}", describe(*node),
                                types::to_string(column->type), types::to_string(wanted.type)));
    }
  }
  return {};
}

std::size_t Compiler::emit(Instruction instruction) {
  instruction.field = field_index();
  program_->code.push_back(instruction);
  return program_->code.size() - 1;
}

std::int32_t Compiler::here() {
  barrier_ = program_->code.size();
  return static_cast<std::int32_t>(barrier_);
}

void Compiler::emit_nulls(const Wants& wants) {
  for (const Want& want : wants) emit({.op = Op::kNull, .column = want.column});
}

// One value may be wanted as a whole, more than once, and in parts: it is read once for each.
base::Status Compiler::emit_wants(const Node& writer, const Node& reader, const Wants& wants, bool tail) {
  std::vector<Wants> groups;
  Wants parts;
  for (const Want& want : wants) {
    if (want.path.empty()) {
      groups.push_back({want});
    } else {
      parts.push_back(want);
    }
  }
  if (!parts.empty()) groups.push_back(std::move(parts));
  for (std::size_t i = 0; i + 1 < groups.size(); ++i) {
    if (saves_ == kMaxSaves) return refuse("too many parts of one value are wanted");
    emit({.op = Op::kSave, .arg = saves_++});
    if (auto done = emit_value(writer, reader, groups[i], true); !done) return done;
    here();
    emit({.op = Op::kRestore, .arg = --saves_});
  }
  return emit_value(writer, reader, groups.back(), tail);
}

base::Status Compiler::emit_value(const Node& writer, const Node& reader, const Wants& wants, bool tail) {
  if (writer.kind == Kind::kUnion) return emit_union(writer, reader, wants, tail);
  const Node* target = reader_branch(writer, reader);
  const bool top = path_.empty() && target != nullptr && writer.kind == Kind::kRecord &&
                   target->kind == Kind::kRecord;  // a top record may be renamed
  if (target == nullptr || !(top || matches(writer, *target))) return not_resolvable(writer, reader);
  if (writer.kind == Kind::kNull) {
    emit_nulls(wants);
    return {};
  }
  if (wants.front().path.empty()) return emit_column(writer, *target, wants.front().column, kNotNullable);
  if (writer.kind != Kind::kRecord) return not_resolvable(writer, *target);
  return emit_record(writer, *target, wants, tail);
}

base::Status Compiler::emit_union(const Node& writer, const Node& reader, const Wants& wants, bool tail) {
  const std::uint8_t null_branch = null_branch_of(writer);
  if (null_branch != kNotNullable && accepts_null(reader) && wants.front().path.empty()) {
    const Node& value = *writer.branches[1 - null_branch];
    const Node* target = reader_branch(value, reader);
    if (target == nullptr || !matches(value, *target)) return not_resolvable(writer, reader);
    return emit_column(value, *target, wants.front().column, null_branch);
  }
  const std::size_t branch =
      emit({.op = Op::kBranch, .arg = static_cast<std::int32_t>(program_->tables.size())});
  program_->tables.emplace_back();
  const auto table = static_cast<std::size_t>(program_->code[branch].arg);
  std::vector<std::size_t> jumps;
  bool any = false;
  for (const Node* value : writer.branches) {
    program_->tables[table].push_back(here());
    const Node* target = reader_branch(*value, reader);
    if (value->kind == Kind::kNull && accepts_null(reader)) {
      emit_nulls(wants);
    } else if (target == nullptr || !matches(*value, *target)) {
      emit({.op = Op::kFail});
      continue;
    } else {
      any = true;
      if (auto done = emit_value(*value, *target, wants, tail); !done) return done;
    }
    jumps.push_back(emit({.op = Op::kJump}));
  }
  if (!any) return not_resolvable(writer, reader);
  for (const std::size_t jump : jumps) program_->code[jump].arg = here();
  return {};
}

base::Status Compiler::emit_record(const Node& writer, const Node& reader, const Wants& wants, bool tail) {
  std::map<const Field*, std::pair<const Field*, Wants>> from;  // by the writer's field
  for (const Want& want : wants) {
    const Within within(*this, want.path.front());
    const Field* field = reader.find_field(want.path.front());
    if (field == nullptr) return refuse("the reader's schema has no such field in the type that was written");
    Want below{{want.path.begin() + 1, want.path.end()}, want.column};
    if (const Field* source = writer_field(writer, *field)) {
      auto& entry = from[source];
      if (entry.first != nullptr && entry.first != field) {
        return refuse(fmt::format("the fields \"{}\" and \"{}\" would both be read from \"{}\"",
                                  entry.first->name, field->name, source->name));
      }
      entry.first = field;
      entry.second.push_back(std::move(below));
    } else if (auto done = emit_default(*field, below); !done) {
      return done;
    }
  }
  std::size_t left = from.size();
  for (const Field& field : writer.fields) {
    const auto found = from.find(&field);
    if (found == from.end()) {
      if (tail && left == 0) break;
      const Within within(*this, field.name);
      emit_skip(*field.type);
      continue;
    }
    --left;
    const auto& [target, below] = found->second;
    const Within within(*this, target->name);
    if (auto done = emit_wants(*field.type, *target->type, below, tail && left == 0); !done) return done;
  }
  return {};
}

base::Result<std::string_view> Compiler::constant(const Field& reader) {
  if (!reader.default_value) {
    return refuse(fmt::format("the data has no such field, and the reader's schema gives it no default"))
        .with_hint("add a default to the field, or take it out of the query");
  }
  std::string bytes;
  if (auto done = encode_default(*reader.type, *reader.default_value, bytes); !done) {
    return refuse(fmt::format("its default is not usable: {}", done.error().message));
  }
  return keep(bytes);
}

base::Status Compiler::emit_default(const Field& reader, const Want& want) {
  const base::Result<std::string_view> bytes = constant(reader);
  if (!bytes) return bytes.error();
  program_->defaulted.push_back(program_->wanted[want.column].name);
  program_->keeps_arena[want.column] = true;
  const std::size_t call = emit({.op = Op::kConstant,
                                 .column = want.column,
                                 .size = static_cast<std::int64_t>(program_->constants.size())});
  program_->constants.push_back(*bytes);
  later_.push_back([this, call, want, &reader, path = path_]() -> base::Status {
    const std::string before = std::exchange(path_, path);
    program_->code[call].arg = here();
    auto done = emit_value(*reader.type, *reader.type, {want}, true);
    emit({.op = Op::kEnd});
    path_ = before;
    return done;
  });
  return {};
}

base::Status Compiler::emit_column(const Node& writer, const Node& reader, std::uint16_t column,
                                   std::uint8_t null_branch) {
  const types::Type& type = program_->wanted[column].type;
  Instruction instruction;
  if (types::is_nested(type.id)) {
    const base::Result<const Render*> root = render(writer, reader, type);
    if (!root) return root.error();
    instruction.op = Op::kJson;
    instruction.arg = static_cast<std::int32_t>(program_->roots.size());
    program_->roots.push_back(*root);
  } else {
    base::Result<Instruction> read = scalar(writer, reader, type);
    if (!read) return read.error();
    instruction = *read;
    if (instruction.op == Op::kEnum) program_->keeps_arena[column] = true;
  }
  instruction.column = column;
  instruction.null_branch = null_branch;
  emit(instruction);
  return {};
}

void Compiler::patch_skip(const Node& writer, std::function<void(std::int32_t)> patch) {
  skips_[&writer].push_back(std::move(patch));
}

void Compiler::emit_skip(const Node& writer) {
  const bool mergeable = program_->code.size() > barrier_;
  Instruction* last = mergeable ? &program_->code.back() : nullptr;
  const auto counted = [&](Op op, std::int64_t count) {
    if (last != nullptr && last->op == op && last->null_branch == kNotNullable) {
      last->size += count;
    } else {
      emit({.op = op, .size = count});
    }
  };
  switch (writer.kind) {
    case Kind::kNull:
      return;
    case Kind::kInt:
    case Kind::kLong:
    case Kind::kEnum:
      return counted(Op::kSkipVarints, 1);
    case Kind::kBoolean:
    case Kind::kFloat:
    case Kind::kDouble:
    case Kind::kFixed:
      return counted(Op::kSkipBytes, width_of(writer));
    case Kind::kBytes:
    case Kind::kString:
      return counted(Op::kSkipSized, 1);
    case Kind::kArray:
    case Kind::kMap:
      return emit_skip_blocks(writer);
    case Kind::kUnion:
      return emit_skip_union(writer);
    case Kind::kRecord:
      break;
  }
  if (const std::int64_t width = width_of(writer); width != kVariableWidth) {
    return counted(Op::kSkipBytes, width);
  }
  if (program_->code.size() > kInlineSkipLimit || skipping_.size() > kInlineSkipNesting ||
      skipping_.count(&writer) != 0) {
    const std::size_t call = emit({.op = Op::kCall});
    return patch_skip(writer, [this, call](std::int32_t address) { program_->code[call].arg = address; });
  }
  skipping_.insert(&writer);
  for (const Field& field : writer.fields) {
    const Within within(*this, field.name);
    emit_skip(*field.type);
  }
  skipping_.erase(&writer);
}

void Compiler::emit_skip_blocks(const Node& writer) {
  const std::int64_t width = writer.kind == Kind::kArray ? width_of(writer.items()) : kVariableWidth;
  const std::size_t blocks = emit({.op = Op::kSkipBlocks, .size = width});
  here();
  if (writer.kind == Kind::kMap) emit({.op = Op::kSkipSized, .size = 1});
  emit_skip(writer.items());
  emit({.op = Op::kEnd});
  program_->code[blocks].arg = here();
}

void Compiler::emit_skip_union(const Node& writer) {
  const std::uint8_t null_branch = null_branch_of(writer);
  if (null_branch != kNotNullable) {
    const Node& value = *writer.branches[1 - null_branch];
    const std::size_t before = here();
    switch (value.kind) {
      case Kind::kRecord:
      case Kind::kArray:
      case Kind::kMap:
        break;
      default:
        emit_skip(value);
        if (program_->code.size() == before + 1) program_->code.back().null_branch = null_branch;
        here();
        return;
    }
  }
  const auto table = program_->tables.size();
  emit({.op = Op::kBranch, .arg = static_cast<std::int32_t>(table)});
  program_->tables.emplace_back();
  std::vector<std::size_t> jumps;
  for (const Node* branch : writer.branches) {
    program_->tables[table].push_back(here());
    emit_skip(*branch);
    jumps.push_back(emit({.op = Op::kJump}));
  }
  for (const std::size_t jump : jumps) program_->code[jump].arg = here();
}

}  // namespace offtake::avro
