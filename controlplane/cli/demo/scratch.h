// The raw records of one dataset as a table of a scratch database.
#pragma once
#include "base/sqlite/database.h"
#include "controlplane/cli/demo/check.h"

namespace offtake::cli::demo {

// Makes the table `source.name` with all columns of the schema and loads the records before `until`: an
// entity's last one of each key, a windowed dataset's from `start_time` on.
base::Result<CheckedSource> load_scratch(sqlite::Database& database, const SourceFacts& source,
                                         const sources::OffsetVector& until, base::Micros start_time,
                                         sources::EventStore& log);

}  // namespace offtake::cli::demo
