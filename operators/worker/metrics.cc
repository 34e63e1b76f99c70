#include "operators/worker/metrics.h"

namespace offtake::worker {
namespace {

using delivery::ProgressSnapshot;

constexpr double kMicros = 1e6;

struct Series {
  const char* name;
  const char* help;
  std::int64_t ProgressSnapshot::*value;
};

constexpr Series kCounters[] = {
    {"offtake_product_fill_records_total", "Records read by the fill", &ProgressSnapshot::records_read},
    {"offtake_product_fill_bytes_total", "Bytes of the records read by the fill",
     &ProgressSnapshot::bytes_read},
    {"offtake_product_fill_rows_total", "Rows loaded by the fill", &ProgressSnapshot::rows_loaded},
    {"offtake_product_live_records_total", "Records delivered live by this worker",
     &ProgressSnapshot::records_live},
    {"offtake_product_epochs_total", "Epochs committed by this worker", &ProgressSnapshot::epochs_committed},
    {"offtake_product_checkpoints_total", "Checkpoints written by this worker",
     &ProgressSnapshot::checkpoints_written},
    {"offtake_product_checkpoint_failures_total", "Checkpoints that could not be written",
     &ProgressSnapshot::checkpoints_failed},
    {"offtake_product_skipped_nulls_total", "Records without a value where each must hold one",
     &ProgressSnapshot::skipped_nulls},
    {"offtake_product_null_event_times_total",
     "Records outside of every history window: their event time is NULL",
     &ProgressSnapshot::null_event_times},
};

constexpr Series kGauges[] = {
    {"offtake_product_fill_expected_records", "Records up to the cut: what the fill has to read",
     &ProgressSnapshot::records_total},
    {"offtake_product_lag_records", "Records not yet delivered, an upper bound",
     &ProgressSnapshot::lag_records},
    {"offtake_product_checkpoint_bytes", "Size of the last checkpoint", &ProgressSnapshot::checkpoint_bytes},
    {"offtake_product_checkpoint_epoch", "Epoch of the last checkpoint", &ProgressSnapshot::checkpoint_epoch},
    {"offtake_product_parked_records", "Records left out because they do not decode",
     &ProgressSnapshot::parked},
    {"offtake_product_waiting_records", "Records that wait behind a parked one of their key",
     &ProgressSnapshot::parked_waiting},
    {"offtake_product_retrying_messages", "Messages that were not taken and are tried again",
     &ProgressSnapshot::retrying},
    {"offtake_product_discarded_records", "Records left out for good", &ProgressSnapshot::discarded},
    {"offtake_product_error_rows", "Rows in error and keys that are claimed twice",
     &ProgressSnapshot::error_rows},
    {"offtake_product_state_bytes", "Memory of the engine's state", &ProgressSnapshot::state_bytes},
};

}  // namespace

void add_metrics(metrics::Registry& registry, const metrics::Labels& labels, const ProgressSnapshot& progress,
                 base::Micros now) {
  for (const Series& series : kCounters) {
    registry.counter(series.name, series.help, labels).add(static_cast<double>(progress.*series.value));
  }
  for (const Series& series : kGauges) {
    registry.gauge(series.name, series.help, labels).set(static_cast<double>(progress.*series.value));
  }
  registry.gauge("offtake_product_rows", "Rows in the target", labels)
      .set(static_cast<double>(progress.content.rows));
  registry.gauge("offtake_product_stalled", "1 while the product is stalled", labels)
      .set(progress.stall ? 1 : 0);
  registry.gauge("offtake_product_published", "1 for the revision that readers see", labels)
      .set(progress.published ? 1 : 0);
  if (progress.checkpoint_at != 0) {
    registry
        .gauge("offtake_product_checkpoint_time_seconds", "When the last checkpoint was written, since 1970",
               labels)
        .set(static_cast<double>(progress.checkpoint_at) / kMicros);
  }
  // Unknown is absent: a lag of zero would read as "all is delivered".
  if (progress.complete_through != 0) {
    registry.gauge("offtake_product_lag_seconds", "How far the target is behind its sources", labels)
        .set(static_cast<double>(std::max<base::Micros>(0, now - progress.complete_through)) / kMicros);
  }
}

std::string metrics_text(const WorkerStatus& status, base::Micros now) {
  metrics::Registry snapshot;
  const metrics::Labels labels{status.product_namespace, status.product, std::to_string(status.revision), "",
                               ""};
  add_metrics(snapshot, labels, status.progress, now);
  snapshot.gauge("offtake_worker_incarnation", "Number of this start of the worker", labels)
      .set(static_cast<double>(status.incarnation));
  snapshot.gauge("offtake_worker_start_time_seconds", "When the worker started, since 1970", labels)
      .set(static_cast<double>(status.started) / kMicros);
  return snapshot.text() + metrics::registry().text();
}

}  // namespace offtake::worker
