#include "tests/bench/support/measure.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace offtake::bench {
namespace {

bool missed = false;

void head() {
  static bool done = false;
  if (done) return;
  done = true;
  std::printf("%-58s %10s %10s %8s %8s %6s %6s\n", "work", "ours", "peer", "ratio", "median", "aim", "bar");
}

const char* verdict(bool reached) {
  missed = missed || !reached;
  return reached ? "ok" : "MISSED";
}

}  // namespace

double cpu_seconds(const std::function<void()>& run) {
  const auto now = [] {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
  };
  const double start = now();
  run();
  return now() - start;
}

Comparison compare(int rounds, const std::function<double()>& ours, const std::function<double()>& theirs) {
  Comparison out;
  std::vector<double> ratios;
  ours();
  theirs();
  for (int round = 0; round < rounds; ++round) {
    const double our_time = ours();
    const double their_time = theirs();
    out.ours = std::min(out.ours, our_time);
    out.theirs = std::min(out.theirs, their_time);
    ratios.push_back(their_time / our_time);
  }
  std::sort(ratios.begin(), ratios.end());
  out.median = ratios[ratios.size() / 2];
  return out;
}

void report(const std::string& work, const Comparison& comparison, double bar, double aim) {
  head();
  const double ratio = comparison.theirs / comparison.ours;
  std::printf("%-58s %7.1f ms %7.1f ms %8.2f %8.2f %6.2f ", work.c_str(), comparison.ours * 1000,
              comparison.theirs * 1000, ratio, comparison.median, aim);
  if (bar == 0) {
    std::printf("%6s\n", "-");
  } else {
    std::printf("%6.2f  %s\n", bar, verdict(ratio >= bar));
  }
  std::fflush(stdout);
}

void report_bound(const std::string& work, double value, double bound, const std::string& unit) {
  head();
  std::printf("%-58s %*.3f %s  within %g  %s\n", work.c_str(), static_cast<int>(9 - unit.size()), value,
              unit.c_str(), bound, verdict(value <= bound));
  std::fflush(stdout);
}

int exit_code() {
  return missed ? 1 : 0;
}

void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

void expect(bool same, const std::string& what) {
  if (!same) fail("different answers: " + what);
}

}  // namespace offtake::bench
