// Identifiers. Thread-safe; from the kernel's random source.
#pragma once
#include <cstdint>
#include <string>

namespace offtake::base {

std::string random_id();    // 16 lower-case hex digits: owners, request and error ids
std::string random_uuid();  // RFC 4122 version 4: resource uids
std::uint64_t random_u64();
std::string random_password(std::size_t length = 32);  // letters and digits

}  // namespace offtake::base
