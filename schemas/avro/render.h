// Nested values as canonical JSON text while a record is decoded. Internal to this folder.
#pragma once
#include <string>

#include "schemas/avro/run.h"

namespace offtake::avro {

// Appends the value at the cursor. `failed` is set to the path index of what was wrong.
Fault render_json(const Program& program, const Render& render, Cursor& cursor, std::string& out,
                  std::uint32_t& failed, int depth);

}  // namespace offtake::avro
