// Child processes that may outlive this one, and what is known of any process by its id. Thread-safe, except
// where said. Process ids are used again by the system: a process is named by its id and its start time.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace offtake::process {

struct Identity {
  pid_t pid = 0;
  std::uint64_t start = 0;  // in the kernel's ticks since the machine started
  std::string boot;         // of the machine: after a reboot nobody is the same
  bool operator==(const Identity&) const = default;
};

struct Command {
  std::vector<std::string> argv;                         // argv[0] is looked up in PATH unless it has a '/'
  std::vector<std::pair<std::string, std::string>> env;  // added to (or replacing) this process's own
  std::vector<std::string> unset_env;
  std::filesystem::path directory;  // empty: this one's
  // Standard input is /dev/null. Output goes to these files, appended; empty: /dev/null. They may be equal.
  std::filesystem::path output_file;
  std::filesystem::path error_file;
  bool own_session = true;  // setsid: signals of this one's terminal do not reach it
  int nice = 0;
  // spawn_noted: the kernel kills it when the thread that started it ends, however that ends.
  bool dies_with_parent = false;
};

// Starts it; all other file descriptors are closed in it and its signals are as at login. Code NotStarted,
// also when the program could not be executed.
base::Result<Identity> spawn(const Command& command);

// An account of this machine.
struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};
std::optional<User> find_user(const std::string& name);
User own_user();  // the effective one; its number where it has no name

// As spawn, for servers that must be found again: the new process waits until `before` has noted it, and ends
// without having run the program where that fails, or where this process dies first. `user`: whom it runs as,
// without further groups; only root may say another one than its own. Only command.env is its environment,
// its files are its user's alone, and argv[0] is a path. `input_file`: standard input, else /dev/null. Codes
// NotStarted, and `before`'s.
base::Result<Identity> spawn_noted(const Command& command, const std::optional<User>& user,
                                   const std::function<base::Status(const Identity&)>& before,
                                   const std::filesystem::path& input_file = "/dev/null");

std::optional<Identity> identify(pid_t pid);  // nullopt: there is none, or only a zombie
Identity self();
bool is_alive(const Identity& process);
// False when it is gone already. Never signals another process that got the same id.
bool send_signal(const Identity& process, int signal);
std::optional<std::uint64_t> resident_bytes(const Identity& process);
std::optional<std::chrono::milliseconds> cpu_time(const Identity& process);

struct Exit {
  int code = 0;    // when it ended by itself
  int signal = 0;  // else the signal
};
// Collects a child that has ended: nullopt while it runs. For other processes (adopted ones) and a child
// collected already, code NotAChild: only is_alive tells then.
base::Result<std::optional<Exit>> reap(const Identity& child);
// Waits up to `timeout` for the end of any process, child or not; true when it is gone. A child stays to be
// reaped.
bool wait_gone(const Identity& process, std::chrono::milliseconds timeout);
// SIGTERM, then SIGKILL after `grace`; returns when it is gone (or, after SIGKILL, 5 s later: code
// StillThere).
base::Status terminate(const Identity& process, std::chrono::milliseconds grace);

// One line of JSON, written atomically: how a later run of the server finds the process again.
base::Status write_pid_file(const std::filesystem::path& path, const Identity& process);
base::Result<Identity> read_pid_file(const std::filesystem::path& path);  // codes NotFound, BadPidFile

base::Result<std::filesystem::path> own_executable();

}  // namespace offtake::process
