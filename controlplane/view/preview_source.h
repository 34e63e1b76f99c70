// One source of a job, as previews and samples read it.
#pragma once
#include <memory>

#include "operators/preview/preview.h"
#include "operators/worker/job.h"
#include "schemas/registry/client.h"

namespace offtake::view {

// Its decoders keep the job and the registry's client.
preview::Source preview_source(std::shared_ptr<const worker::Job> job, std::size_t index,
                               std::shared_ptr<sources::EventStore> store,
                               std::shared_ptr<registry::Client> registry);

}  // namespace offtake::view
