#include <algorithm>

#include "schemas/avro/compile.h"
#include "schemas/avro/resolve.h"
#include "schemas/types/jsonb.h"

namespace offtake::avro {

Render& Compiler::make_render(Render::What what) {
  Render& made = program_->renders.emplace_back();
  made.what = what;
  made.field = field_index();
  return made;
}

base::Result<const Render*> Compiler::render(const Node& writer, const Node& reader,
                                             const types::Type& type) {
  if (writer.kind == Kind::kUnion) return render_union(writer, reader, type);
  const Node* target = reader_branch(writer, reader);
  if (target == nullptr || !matches(writer, *target)) return not_resolvable(writer, reader);
  if (writer.kind == Kind::kNull) return &make_render(Render::What::kNull);
  if (writer.kind == Kind::kRecord) return render_record(writer, *target, type);
  if (writer.kind == Kind::kArray || writer.kind == Kind::kMap) {
    Render& made = make_render(writer.kind == Kind::kArray ? Render::What::kArray : Render::What::kMap);
    made.zero_width = writer.kind == Kind::kArray && width_of(writer.items()) == 0;
    const Within within(*this, writer.kind == Kind::kArray ? "[]" : "{}");
    const auto item = render(writer.items(), target->items(), type.nested->fields.front().type);
    if (!item) return item.error();
    made.branches.push_back(*item);
    return &made;
  }
  const base::Result<Instruction> read = scalar(writer, *target, type);
  if (!read) return read.error();
  Render& made = make_render(Render::What::kScalar);
  made.type = type;
  later_.push_back([this, &made, instruction = *read, path = path_]() -> base::Status {
    const std::string before = std::exchange(path_, path);
    made.address = here();
    emit(instruction);
    emit({.op = Op::kEnd});
    path_ = before;
    return {};
  });
  return &made;
}

base::Result<const Render*> Compiler::render_union(const Node& writer, const Node& reader,
                                                   const types::Type& type) {
  Render& made = make_render(Render::What::kUnion);
  bool any = false;
  for (const Node* branch : writer.branches) {
    const Node* target = reader_branch(*branch, reader);
    if (target == nullptr || (branch->kind != Kind::kNull && !matches(*branch, *target)) ||
        (branch->kind == Kind::kNull && !accepts_null(reader))) {
      made.branches.push_back(&make_render(Render::What::kFail));
      continue;
    }
    const auto value = render(*branch, *target, type);
    if (!value) return value.error();
    any = any || branch->kind != Kind::kNull;
    made.branches.push_back(*value);
  }
  if (!any) return not_resolvable(writer, reader);
  return &made;
}

base::Result<const Render*> Compiler::render_record(const Node& writer, const Node& reader,
                                                    const types::Type& type) {
  Render& made = make_render(Render::What::kRecord);
  std::vector<std::string_view> order;
  for (const Field& field : reader.fields) order.push_back(field.name);
  std::sort(order.begin(), order.end(), types::jsonb_name_less);
  for (const std::string_view name : order) {
    types::append_json_string(name, made.names.emplace_back());
  }
  struct Source {
    const Field* field;
    const types::Type* type;
    std::int32_t position;
  };
  std::map<const Field*, Source> sources;  // by the writer's field
  for (std::size_t i = 0; i < reader.fields.size(); ++i) {
    const Field& field = reader.fields[i];
    const Within within(*this, field.name);
    const types::Type& field_type = type.nested->fields[i].type;
    const auto position =
        static_cast<std::int32_t>(std::find(order.begin(), order.end(), field.name) - order.begin());
    const Field* from = writer_field(writer, field);
    if (from == nullptr) {
      const auto value = render_default(field, field_type);
      if (!value) return value.error();
      made.members.push_back({.value = *value, .skip = -1, .position = position});
    } else if (!sources.emplace(from, Source{&field, &field_type, position}).second) {
      return refuse(fmt::format("it would be read from \"{}\" like another field", from->name));
    }
  }
  for (const Field& field : writer.fields) {
    const auto source = sources.find(&field);
    if (source == sources.end()) {
      const std::size_t index = made.members.size();
      made.members.push_back({.value = nullptr, .skip = 0, .position = 0});
      patch_skip(*field.type, [&made, index](std::int32_t address) { made.members[index].skip = address; });
      continue;
    }
    const Within within(*this, source->second.field->name);
    const auto value = render(*field.type, *source->second.field->type, *source->second.type);
    if (!value) return value.error();
    made.members.push_back({.value = *value, .skip = -1, .position = source->second.position});
  }
  return &made;
}

base::Result<const Render*> Compiler::render_default(const Field& reader, const types::Type& type) {
  const base::Result<std::string_view> bytes = constant(reader);
  if (!bytes) return bytes.error();
  const auto value = render(*reader.type, *reader.type, type);
  if (!value) return value.error();
  Render& made = make_render(Render::What::kConstant);
  made.constant = *bytes;
  made.branches.push_back(*value);
  return &made;
}

}  // namespace offtake::avro
