// Items of a bulk that were refused, as rows: what was wanted, and what stands there instead.
#pragma once
#include "operators/targets/intent/row_store.h"
#include "operators/targets/opensearch/bulk.h"

namespace offtake::targets::opensearch {

// The failures that have to do with nothing but their documents are left out, where the table says so; for
// any other one its error. Code kSuperseded (terminal): a document is newer.
base::Result<std::vector<protocol::RefusedRow>> refused_documents(const Rest& rest, const TableSpec& table,
                                                                  const std::string& place, const Bulk& bulk,
                                                                  const std::vector<Bulk::Failure>& failures);

// TargetMissing of a place as the protocol calls it: the fill that made it may be over.
base::Error place_error(base::Error error);

// What the server holds under the ids, in their order; absent where it holds nothing, or what is deleted.
base::Result<std::vector<std::optional<std::string>>> stored_documents(const Rest& rest,
                                                                       const std::string& place,
                                                                       const std::vector<std::string>& ids);

}  // namespace offtake::targets::opensearch
