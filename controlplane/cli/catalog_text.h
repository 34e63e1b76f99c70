// The catalogue's answers as people read them in a terminal.
#pragma once
#include <string>

#include "base/clock.h"
#include "base/json/value.h"
#include "controlplane/cli/console.h"

namespace offtake::cli {

// A row for each dataset, and below it what was found in it, the words in bold.
std::string catalog_text(const json::Value& answer, bool wide, base::Micros now, const Console& console);
// "2 of 14 datasets; …": what to say below; empty where there is nothing to say.
std::string catalog_note(const json::Value& catalog);
// One dataset in full. `wide`: with defaults and what the schema itself says.
std::string dataset_text(const json::Value& answer, bool wide, base::Micros now, const Console& console);
// What comes from what, as trees: upstream, then downstream.
std::string lineage_text(const json::Value& answer, const Console& console);

// "▁▂▅█": counts against the largest of them; empty where all are none.
std::string spark_text(const json::Value& counts);
// "1.2/s", "310/s", "9/min", "4/h"; "0" where nothing comes.
std::string rate_text(double per_second);

}  // namespace offtake::cli
