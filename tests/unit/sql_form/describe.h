// Forms as text, for data files and for comparing what two texts mean.
#pragma once
#include <string>

#include "controlplane/sql/form/analyse.h"
#include "tests/unit/sql/golden.h"

namespace offtake::test {

sql::CompileInput form_input(std::string sql, const sql::Catalog& catalog);

// One line a part, without ranges: equal for two texts that show the same form.
std::string describe(const sql::form::Form& form);
// With the reason, the diagnostics and the output; a range as the text that lies in it.
std::string describe(const sql::form::Analysis& analysis, const std::string& sql);

// Checks every range of the analysis: inside the text, on boundaries of characters.
void check_ranges(const sql::form::Analysis& analysis, const std::string& sql);

}  // namespace offtake::test
