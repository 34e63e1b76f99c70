// What engines that are pushed to have in common.
#pragma once
#include "operators/targets/target.h"

namespace offtake::targets::push {

inline constexpr TargetTraits kTraits = {.commit = CommitKind::kIntent,
                                         .guarantee = Guarantee::kAtLeastOnce,
                                         .proves = false,
                                         .checks_keys_at_load = false,
                                         .checks_keys_live = false,
                                         .keeps_fill = false,
                                         .ledger_entries = 1'000,
                                         .pushed = true};
base::Result<std::string> column_type(const types::Type& type);  // in JSON
std::shared_ptr<const engine::Image> image(const std::vector<types::Field>& columns);
std::shared_ptr<const engine::Image> table_image(const TableSpec& table);
base::Status check_name(const std::string& name);
base::Status check_table(const TableSpec& table);

}  // namespace offtake::targets::push
