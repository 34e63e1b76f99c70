// engine_bench [rows] [map|join|group|updates|latency|state|checkpoint]
#include <cstdlib>
#include <cstring>

#include "tests/bench/engine/bench.h"

int main(int argc, char** argv) {
  using namespace offtake::bench;
  std::size_t rows = 2000000;
  const char* only = "";
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] >= '0' && argv[i][0] <= '9') {
      rows = std::strtoull(argv[i], nullptr, 10);
    } else {
      only = argv[i];
    }
  }
  const auto wanted = [&](const char* name) { return *only == '\0' || std::strcmp(only, name) == 0; };
  if (wanted("map")) bench_map(rows);
  if (wanted("join")) bench_join(rows);
  if (wanted("group")) bench_group(rows);
  if (wanted("updates")) bench_updates(rows);
  if (wanted("latency")) bench_latency(std::min<std::size_t>(rows, 1000000));
  if (wanted("state")) bench_state();
  if (wanted("checkpoint")) bench_checkpoint(std::min<std::size_t>(rows, 1000000));
  return exit_code();
}
