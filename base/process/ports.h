// Ports of 127.0.0.1 for child processes that listen.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace offtake::process {

// Whether a server could listen there now, on 127.0.0.1.
bool is_port_free(int port);
// Ports nobody listens on, below those that the kernel gives to clients. Code PortTaken: none was found.
base::Result<std::vector<int>> free_ports(std::size_t count);
// "process 1234 (nginx)", or "another process" where that is not to be seen.
std::string holder_of_port(int port);

}  // namespace offtake::process
