// What a worker counts, as series for Prometheus. Shown by the worker itself and, for all of them, by the
// server.
#pragma once
#include "base/clock.h"
#include "base/metrics/metrics.h"
#include "operators/delivery/progress.h"
#include "operators/worker/status.h"

namespace offtake::worker {

// Adds the series of one revision. REQUIRES: `registry` has none with these labels yet.
void add_metrics(metrics::Registry& registry, const metrics::Labels& labels,
                 const delivery::ProgressSnapshot& progress, base::Micros now);

// The page of one worker, with what its process counts itself.
std::string metrics_text(const WorkerStatus& status, base::Micros now);

}  // namespace offtake::worker
