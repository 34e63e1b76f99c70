// numeric between our form and PostgreSQL's: digits in base 10,000, weight, sign, display scale. Exact.
#pragma once
#include <string_view>

#include "operators/targets/postgres/binary_writer.h"
#include "schemas/types/numeric.h"

namespace offtake::targets::postgres {

void put_numeric(const types::Numeric& value, ByteBuffer& out);  // without the field's length
base::Result<types::Numeric> read_numeric(std::string_view bytes, types::Arena& arena);

}  // namespace offtake::targets::postgres
