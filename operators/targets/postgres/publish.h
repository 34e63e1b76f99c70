// The swap: one transaction that fences the current revision, repoints the public view and makes this
// revision current. One thread.
#pragma once
#include "operators/targets/postgres/writer_session.h"

namespace offtake::targets::postgres {

base::Result<SwapResult> swap_in(WriterSession& session, const TableSpec& table);

}  // namespace offtake::targets::postgres
