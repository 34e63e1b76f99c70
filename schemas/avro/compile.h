// Makes a decoder's program. Internal to this folder.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <span>

#include "schemas/avro/program.h"
#include "schemas/avro/schema.h"

namespace offtake::avro {

class Compiler {
 public:
  Compiler(const Schema& writer, std::span<const types::Field> wanted, const Schema& reader);
  base::Result<std::shared_ptr<const Program>> run();

 private:
  // A wanted column below the value at hand; an empty path is the value itself.
  struct Want {
    std::vector<std::string> path;
    std::uint16_t column = 0;
  };
  using Wants = std::vector<Want>;

  base::Status check_wanted();

  // compile.cc: code that reads. `tail`: nothing of the record is needed afterwards.
  base::Status emit_wants(const Node& writer, const Node& reader, const Wants& wants, bool tail);
  base::Status emit_value(const Node& writer, const Node& reader, const Wants& wants, bool tail);
  base::Status emit_union(const Node& writer, const Node& reader, const Wants& wants, bool tail);
  base::Status emit_record(const Node& writer, const Node& reader, const Wants& wants, bool tail);
  base::Status emit_default(const Field& reader, const Want& want);
  base::Status emit_column(const Node& writer, const Node& reader, std::uint16_t column,
                           std::uint8_t null_branch);
  void emit_skip(const Node& writer);
  void emit_skip_union(const Node& writer);
  void emit_skip_blocks(const Node& writer);
  std::size_t emit(Instruction instruction);
  void emit_nulls(const Wants& wants);
  std::int32_t here();  // an address that something jumps to
  // Calls a subroutine that skips a value; its address is known at the end.
  void patch_skip(const Node& writer, std::function<void(std::int32_t)> patch);

  // compile_scalar.cc: the instruction that reads one scalar.
  base::Result<Instruction> scalar(const Node& writer, const Node& reader, const types::Type& type);
  base::Result<Instruction> read_integer(const Node& writer, const Node& reader, const types::Type& type);
  base::Result<Instruction> read_enum(const Node& writer, const Node& reader);
  base::Result<Instruction> read_decimal(const Node& writer, const Node& reader, const types::Type& type);
  base::Error not_resolvable(const Node& writer, const Node& reader) const;

  // compile_render.cc: nested values as JSON text.
  base::Result<const Render*> render(const Node& writer, const Node& reader, const types::Type& type);
  base::Result<const Render*> render_record(const Node& writer, const Node& reader, const types::Type& type);
  base::Result<const Render*> render_union(const Node& writer, const Node& reader, const types::Type& type);
  base::Result<const Render*> render_default(const Field& reader, const types::Type& type);
  Render& make_render(Render::What what);

  // Where we are, for messages. A path segment is pushed while a Within lives.
  struct Within {
    Compiler& compiler;
    std::string before;
    Within(Compiler& in, std::string_view segment);
    Within(const Within&) = delete;
    Within& operator=(const Within&) = delete;
    ~Within() { compiler.path_ = std::move(before); }
  };
  std::uint32_t field_index();
  base::Error refuse(std::string message) const;

  base::Result<std::string_view> constant(const Field& reader);
  std::string_view keep(std::string_view bytes) { return program_->arena->copy(bytes); }

  const Schema& writer_;
  const Schema& reader_;
  std::shared_ptr<Program> program_;
  std::string path_;
  std::map<std::string, std::uint32_t> path_indexes_;
  std::size_t barrier_ = 0;  // instructions before this one are not merged with
  int saves_ = 0;
  std::set<const Node*> skipping_;  // records whose skip is being written inline
  std::map<const Node*, std::vector<std::function<void(std::int32_t)>>> skips_;
  std::map<const Node*, std::int32_t> skip_addresses_;
  std::vector<std::function<base::Status()>> later_;  // subroutines still to be written
};

}  // namespace offtake::avro
