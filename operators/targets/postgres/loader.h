// Bulk load of one stream over a connection of its own: COPY BINARY in transactions that begin by checking
// the owner and end with the stream's progress row. One thread a loader.
#pragma once
#include "operators/targets/postgres/writer_session.h"

namespace offtake::targets::postgres {

base::Result<std::unique_ptr<Loader>> open_postgres_loader(const WriterSession& writer,
                                                           const TableSpec& table, const std::string& stream);

}  // namespace offtake::targets::postgres
