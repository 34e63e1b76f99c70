// A preview for people: rows as a table, and what was read for them. Pure but for colours.
#pragma once
#include <string>
#include <vector>

#include "base/json/value.h"
#include "controlplane/cli/console.h"

namespace offtake::cli {

std::string preview_text(const std::string& title, const json::Value& preview, const Console& console);

// How many rows, how far back, what is in error; a line each.
std::vector<std::string> preview_notes(const json::Value& preview);

}  // namespace offtake::cli
