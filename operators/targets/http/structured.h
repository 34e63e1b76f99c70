// The JSON event format of a CloudEvent. Internal to this folder.
#pragma once
#include "operators/targets/http/cloud_event.h"

namespace offtake::targets::http {

std::string write_structured(const CloudEvent& event);
// `version`: what the event says. Code BadEvent (row) where this is no such object.
base::Status read_structured(const std::string& text, CloudEvent& event, std::string& version);

}  // namespace offtake::targets::http
