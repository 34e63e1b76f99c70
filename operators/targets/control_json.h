// Offset vectors, record stamps and control rows as JSON: how targets without composite columns keep them and
// how statuses show them. Canonical. Errors: BadControlRow. As text: protocol/control_json.h.
#pragma once
#include "base/json/value.h"
#include "operators/targets/target.h"

namespace offtake::targets {

json::Value to_json(const sources::OffsetVector& offsets);  // {"0": 12, "1": 9}
base::Result<sources::OffsetVector> offsets_from_json(const json::Value& value);
json::Value to_json(const SourceOffsets& offsets);  // {"ns/orders": {"0": 12}}
base::Result<SourceOffsets> source_offsets_from_json(const json::Value& value);
json::Value to_json(const RecordStamps& stamps);  // {"ns/orders": {"0": [offset, timestamp_ms, crc]}}
base::Result<RecordStamps> stamps_from_json(const json::Value& value);
// A whole control row, its intent included: the document that targets without transactions keep.
json::Value to_json(const ControlRow& row);
base::Result<ControlRow> control_from_json(const json::Value& value);
json::Value to_json(const FillProgress& progress);
base::Result<FillProgress> fill_progress_from_json(const json::Value& value);

}  // namespace offtake::targets
