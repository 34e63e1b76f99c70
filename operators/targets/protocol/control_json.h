// Offsets and record stamps as they stand in a control row: JSON text, canonical.
#pragma once
#include <string>
#include <string_view>

#include "operators/targets/target.h"

namespace offtake::targets::protocol {

// {"retail/orders":{"0":17,"1":4}}
std::string offsets_text(const SourceOffsets& offsets);
base::Result<SourceOffsets> parse_offsets(std::string_view text);  // code BadControlRow

// {"retail/orders":{"0":[16,1700000000000,123456]}}: offset, timestamp in ms, CRC
std::string stamps_text(const RecordStamps& stamps);
base::Result<RecordStamps> parse_stamps(std::string_view text);  // code BadControlRow

}  // namespace offtake::targets::protocol
