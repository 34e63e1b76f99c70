#include "operators/targets/types_document.h"

#include "operators/targets/target.h"

namespace offtake::targets {

std::string types_document() {
  std::string out =
      "# Types in targets\n\n"
      "What a column of a data product becomes in its target. *Image*: how the value stands there; rows are "
      "compared\n"
      "and counted in that form. *Refused*: such a row is an error (`RowError`), never a changed value. "
      "Generated from\n"
      "the engines' tables.\n";
  for (const auto name : engine_names()) {
    out += fmt::format("\n## {}\n\n| Type | Column | Image | Refused |\n|---|---|---|---|\n", name);
    for (const auto& note : find_engine(name)->type_notes()) {
      out += fmt::format("| {} | {} | {} | {} |\n", note.type, note.column_type, note.image, note.refused);
    }
  }
  return out;
}

}  // namespace offtake::targets
