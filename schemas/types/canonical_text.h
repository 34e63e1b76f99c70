// Canonical bytes of keys (batch.h) as people read them.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "schemas/types/type.h"

namespace offtake::types {

// The values of columns of those types, for messages: "7, Oslo"; in hexadecimal where the bytes are of other
// types, or of one that is not read back (numeric).
std::string canonical_text(std::string_view canonical, std::span<const Type> types);

}  // namespace offtake::types
