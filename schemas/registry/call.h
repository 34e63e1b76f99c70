// What the handlers share: one request, its parameters and body, and how answers look. Internal.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "base/http/router.h"
#include "base/json/value.h"
#include "schemas/registry/store.h"

namespace offtake::registry {

inline constexpr std::string_view kMediaType = "application/vnd.schemaregistry.v1+json";
inline constexpr std::size_t kMaxSchemaBytes = 4 << 20;

// The body of a 200.
using Answer = base::Result<std::string>;

class Call {
 public:
  Call(const http::Request& request, Store& store) : request_(request), store_(store) {}
  Store& store() const { return store_; }

  bool flag(std::string_view name) const;  // also "True", as Python writes it
  std::string text(std::string_view name) const { return request_.query_value(name); }
  std::size_t number(std::string_view name, std::size_t otherwise) const;
  std::string subject() const { return normal_subject(request_.param("subject")); }
  base::Result<int> version() const;  // kLatest for latest and -1
  base::Result<int> id() const;
  // In which id space an id is looked up: that of ?subject=.
  std::string context() const { return context_of(normal_subject(text("subject"))); }
  base::Result<json::Value> body() const;
  // The schema in the body, with subject and flags.
  base::Result<Registration> registration() const;

 private:
  const http::Request& request_;
  Store& store_;
};

// Negotiates media types, runs `handle`, makes the response.
http::Response respond(const http::Request& request, Store& store,
                       const std::function<Answer(const Call&)>& handle);
http::Response error_response(int status, int error_code, std::string_view message,
                              std::string_view media_type);

json::Value registered_json(const Registered& registered);
json::Value numbers_json(const std::vector<int>& numbers);
json::Value names_json(const std::vector<std::string>& names);
void add_content(json::Value& to,
                 const Content& content);  // schema, schemaType, references, metadata, ruleSet

void add_subject_routes(http::Router& router, Store& store, const std::string& prefix);
void add_schema_routes(http::Router& router, Store& store, const std::string& prefix);
void add_setting_routes(http::Router& router, Store& store, const std::string& prefix);

}  // namespace offtake::registry
