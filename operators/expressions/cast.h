// The families of casts; find_cast (kernel.h) asks each in turn. Internal to this folder.
#pragma once
#include "operators/expressions/kernel.h"

namespace offtake::expressions {

Kernel find_number_cast(types::TypeId from, types::TypeId to);  // numbers and booleans
Kernel find_time_cast(types::TypeId from, types::TypeId to);
Kernel find_text_cast(types::TypeId from, types::TypeId to);  // to and from text

}  // namespace offtake::expressions
