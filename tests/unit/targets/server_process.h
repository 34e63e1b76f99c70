// Servers as children of the test program.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace offtake::targets_test {

int free_port();
// As an ordinary account where this process is root, which servers refuse: the one that Debian's package of
// PostgreSQL made. The server gets the signal when this process dies.
std::vector<std::string> as_server_user(std::vector<std::string> command, const std::string& death_signal);
// Its output goes to the end of `log`.
pid_t spawn(const std::vector<std::string>& command, const std::string& log);

}  // namespace offtake::targets_test
