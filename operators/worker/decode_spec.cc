#include "operators/worker/decode_spec.h"

#include <algorithm>

#include "operators/plan/classified.h"

namespace offtake::worker {

sources::DecodeSpec decode_spec(const Job& job, std::size_t source) {
  const SourceSpec& spec = job.sources[source];
  const plan::SourceUse& use = job.plan.sources[source];
  sources::DecodeSpec decode;
  decode.dataset = spec.dataset;
  decode.topic = spec.topic;
  decode.entity = spec.entity;
  decode.columns = use.columns;
  decode.reader_schema = spec.reader.text;
  for (const auto& schema : spec.schemas) decode.schemas[schema.id] = schema.text;
  decode.key_format = spec.key_format;
  decode.key_schema = spec.key_schema;
  decode.key_columns = spec.key_columns;
  decode.key_from_record = spec.key_from_record;
  decode.min_timestamp_ms = use.min_timestamp_ms;
  decode.event_time = use.event_time;
  decode.hide_key = std::any_of(spec.key_columns.begin(), spec.key_columns.end(),
                                [&](const auto& column) { return plan::is_classified(use, column); });
  return decode;
}

}  // namespace offtake::worker
