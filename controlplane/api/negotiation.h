// What a request brings and what it wants back: bodies, Accept, query parameters. Pure functions.
#pragma once
#include <string>
#include <vector>

#include "base/http/message.h"
#include "base/json/value.h"
#include "base/result.h"
#include "controlplane/resources/kind.h"

namespace offtake::api {

enum class Shape { kObject, kTable, kPartialObject };

// The first media type of Accept that we speak. Code NotAcceptable.
base::Result<Shape> accepted_shape(const http::Request& request);
bool accepts_aggregated_discovery(const http::Request& request);

// The media type without parameters, in lower case; "application/json" when there is none.
std::string content_type(const http::Request& request);

// The body as an object, from JSON or YAML (typed by the kind's table). Codes UnsupportedMediaType,
// BadRequest, Invalid.
base::Result<json::Value> read_body(const http::Request& request, const resources::Kind* kind);
base::Result<json::Value> parse_body(std::string_view text, bool yaml, const resources::Kind* kind);

// As Go's ParseBool; code BadRequest.
base::Result<bool> query_bool(const http::Request& request, std::string_view name);
// dryRun is absent or All; code BadRequest.
base::Result<bool> dry_run(const http::Request& request);
// fieldManager, else the User-Agent up to the first '/'.
std::string field_manager(const http::Request& request);

http::Response json_response(int status, const json::Value& value);
http::Response status_response(const base::Error& error, const resources::Kind* kind = nullptr,
                               std::string_view name = "");
void add_warnings(http::Response& response, const std::vector<std::string>& warnings);

}  // namespace offtake::api
