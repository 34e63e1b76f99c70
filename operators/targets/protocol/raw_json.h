// Members and elements of a server's JSON as slices of its text: numbers keep every digit, and a document
// that we wrote comes back as the bytes that we wrote. Pure. Slices point into what was given. Code
// BadResponse (transient) for what is no JSON; the text within a slice is not checked.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace offtake::targets::protocol {

// `take` gets the name as it is written, without its quotes, and the value.
base::Status each_member(
    std::string_view object,
    const std::function<base::Status(std::string_view name, std::string_view value)>& take);
base::Status each_element(std::string_view array,
                          const std::function<base::Status(std::string_view value)>& take);
// The member of that name; absent where there is none, or `object` is none.
std::optional<std::string_view> member(std::string_view object, std::string_view name);

base::Result<std::string> read_string(std::string_view slice);
// Of a member that is a string; otherwise empty.
std::string string_member(std::string_view object, std::string_view name);

}  // namespace offtake::targets::protocol
