// The bodies of POST /offtake/v1/events, as events_http.h describes them. Pure.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "operators/sources/embedded/log.h"

namespace offtake::sources::embedded {

struct EventsBody {
  std::string topic;
  std::vector<NewRecordView> records;  // into the request's body or `owner`
  std::shared_ptr<const void> owner;
};

// Code BadEvents: what is wrong, and in which record.
base::Result<EventsBody> parse_json_events(std::string_view body);
base::Result<EventsBody> parse_binary_events(std::string_view topic, std::string_view body);

// Appends one record in the binary form: for programs of ours that write events.
void append_binary_record(std::string& out, const NewRecordView& record);

std::string offsets_json(const Appended& appended);
std::string error_json(const base::Error& error);

}  // namespace offtake::sources::embedded
