// How a row of a table is told from the others, and what messages call it. Pure.
#pragma once
#include <string>
#include <vector>

#include "operators/engine/dataflow.h"
#include "operators/targets/target.h"

namespace offtake::targets::protocol {

// The identity columns of the upserts, as those of Changes::deletes are.
types::Batch identity_of(const TableSpec& table, const engine::Changes& changes);

// Of one row of such columns: the same for equal values, 32 digits.
std::string row_id(const types::Batch& identity, std::size_t row);

// Of all rows that the changes write or take away.
std::vector<std::string> ids_of(const TableSpec& table, const engine::Changes& changes);

// The values of the key ("7|EUR"), hidden where one of them is classified; `id` where there is no key.
std::string shown_key(const TableSpec& table, const types::Batch& identity, std::size_t row,
                      const std::string& id);

}  // namespace offtake::targets::protocol
