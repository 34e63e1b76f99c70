// Names of what a product owns on a server or on disk. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace offtake::provision::naming {

// `text` with everything but letters, digits and '_' written as '_', in lower case.
std::string readable(std::string_view text);
// The first 10 hexadecimal digits of SHA-256 over the parts.
std::string digest(const std::vector<std::string>& parts);
// "<readable>_<digest>", the readable part cut so that the whole has at most `max_bytes`.
std::string physical_name(std::string_view readable_part, const std::vector<std::string>& identity,
                          std::size_t max_bytes);

}  // namespace offtake::provision::naming
