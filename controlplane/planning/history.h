// Where reading starts: history.from resolved once into an instant, and that into offsets.
#pragma once
#include "controlplane/resources/data_product.h"
#include "controlplane/resources/dataset.h"
#include "operators/sources/event_store.h"

namespace offtake::planning {

// 0: from the beginning. What was resolved before (status) stays unless history.from was edited.
base::Micros start_instant(const resources::DataProduct& product, base::Micros now);

// Start offsets of a windowed dataset. Empty: from the earliest record. Reading starts at
// offsets_for_time(from - maxDelay); a declared event time without maxDelay is read from the earliest.
base::Result<sources::OffsetVector> start_offsets(const resources::HistoryFrom& from, base::Micros instant,
                                                  const resources::Dataset& dataset,
                                                  sources::EventStore& store);

// HistoryNotKept (terminal) when the log begins after `instant`: its start is above 0 and its first record
// later.
base::Status check_kept(base::Micros instant, base::Micros now, const resources::Dataset& dataset,
                        sources::EventStore& store);

}  // namespace offtake::planning
