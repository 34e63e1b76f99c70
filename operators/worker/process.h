// `offtake worker`: one revision in a process of its own.
#pragma once
#include <string>

namespace offtake::worker {

struct ProcessArguments {
  std::string job_file;  // or a folder with its parts (job_parts.h)
  std::string secrets_directory;
  std::string state_directory;
  std::string status_address;  // unix:PATH or HOST:PORT
  std::int64_t incarnation = 1;
  std::string token_file;  // what callers of the status address have to show; empty: nothing
  // One that ended for good goes on answering for itself until SIGTERM: where something would start it again.
  bool stay = false;
};

// Runs until SIGTERM (drains), a fence or an error it cannot get over; leaves status.json in the state
// directory. Returns the exit code (status.h). Call it at the start of main: it takes over the signals.
int run_process(const ProcessArguments& arguments);

}  // namespace offtake::worker
