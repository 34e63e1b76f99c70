// How the benchmarks measure and report. Ours and the peer run in turn within one process, so that what else
// the machine does meets both; a round gives a ratio, and the least times of all rounds give the one that is
// held against the bar. A bench checks that both sides have the same answer before any time counts.
#pragma once
#include <functional>
#include <string>

namespace offtake::bench {

// Of the calling thread's CPU: what a run costs, whatever else the machine does. Both sides run on one
// thread.
double cpu_seconds(const std::function<void()>& run);

struct Comparison {
  double ours = 1e300, theirs = 1e300;  // least, in seconds
  double median = 0;                    // of the rounds' ratios
};
// Each of `ours` and `theirs` runs once a round and gives its time. One more round before warms up.
Comparison compare(int rounds, const std::function<double()>& ours, const std::function<double()>& theirs);

// A line of the table: theirs / ours must reach `bar`, the floor of this version (0: none yet), and shall
// reach `aim`. 1 is as fast as the peer.
void report(const std::string& work, const Comparison& comparison, double bar, double aim);
// `value` must stay within `bound`.
void report_bound(const std::string& work, double value, double bound, const std::string& unit);
// 1 when a bar was missed.
int exit_code();

[[noreturn]] void fail(const std::string& what);
void expect(bool same, const std::string& what);

}  // namespace offtake::bench
