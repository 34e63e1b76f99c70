// Rows of a table written as text, for tests and for the child writer.
#pragma once
#include <string>
#include <vector>

#include "operators/targets/target.h"

namespace offtake::targets_test {

using namespace targets;

using TextRow = std::vector<std::string>;  // one value a column, in PostgreSQL's text form
inline const std::string kNull = "\\N";

// Parses the texts as values of `columns`. Aborts on a value that does not parse: the test is wrong then.
types::Batch batch_of(const std::vector<types::Field>& columns, const std::vector<TextRow>& rows);
// As text again.
std::vector<TextRow> texts_of(const types::Batch& batch);

types::Checksum checksum_of(const types::Batch& batch);
void add(types::Checksum& total, const types::Checksum& more);
types::Checksum negative(const types::Checksum& checksum);

}  // namespace offtake::targets_test
