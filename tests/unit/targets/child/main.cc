// A writer of the made-up product as a process of its own: `target_child '<settings>'`. Exit codes as a
// worker's: 0 done, 10 fenced, 1 anything else.
#include <cstdio>

#include "../workload.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto settings = offtake::targets_test::parse_settings(argv[1]);
  if (!settings) return 2;
  const auto done = offtake::targets_test::run_writer(*settings);
  if (done.ok()) return 0;
  std::fprintf(stderr, "%s (%s; %s)\n", done.error().text().c_str(), done.error().code.c_str(),
               done.error().detail.c_str());
  return done.error().retry == offtake::base::Retry::kFenced ? 10 : 1;
}
