// POST /offtake/v1/events: how programs write into the embedded log. An answer of 200 means that the records
// are in a synced write-ahead log; anything else that none of them is.
//
// application/json:
//   {"topic": "orders", "records": [{"key": "7", "value": "…", "partition": 0, "timestampMs":
//   1700000000000}]} Bytes that are no text: "keyBase64", "valueBase64". Absent or null: no key, no value (a
//   tombstone).
// application/vnd.offtake.records?topic=orders, for speed: records one after another, integers big endian:
//   i32 partition (-1: by key) | i64 timestamp in ms (-1: now) | i32 key bytes (-1: none) |
//   i32 value bytes (-1: none) | key | value
// Answer: {"offsets": [{"partition": 0, "first": 120, "count": 500}]}: within a partition in the order given.
//
// Errors: {"code", "message", "hint"} with 400, 404 (no such topic), 413, 415, 507 (disk full), 503.
#pragma once
#include <memory>

#include "base/http/router.h"
#include "operators/sources/embedded/log.h"

namespace offtake::sources::embedded {

inline constexpr std::string_view kRecordsMediaType = "application/vnd.offtake.records";
inline constexpr std::size_t kMaxEventsBody = 16 << 20;

// The handler; thread-safe as the log is. Whoever mounts it checks the caller first.
http::Response post_events(Log& log, const http::Request& request);

// Adds the route, with its body limit.
void add_event_routes(http::Router& router, std::shared_ptr<Log> log);

}  // namespace offtake::sources::embedded
