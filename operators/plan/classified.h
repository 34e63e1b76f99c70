// Which columns of a plan carry values that its datasets' owners classified pii* or secret*. Pure.
#pragma once
#include <set>
#include <string>

#include "operators/plan/plan.h"

namespace offtake::plan {

// What stands in messages, conditions, events and logs in place of such a value.
inline constexpr std::string_view kHidden = "•••";

// Whether a dataset's column is classified: itself, a record around it, or a field of it.
bool is_classified(const SourceUse& source, std::string_view column);

// The message with what it quotes in "…" or '…' hidden: servers quote values in their messages.
std::string without_quoted(std::string_view message);

// Names of the columns, of sources and of every node, that such values reach. By name, so a column of the
// same name elsewhere in the plan is hidden too. A count reaches nothing.
std::set<std::string> classified_names(const Plan& plan);

}  // namespace offtake::plan
