// A JSON document in memory, for code that handles objects whose shape it does not know (resources,
// patches, plans on disk). Objects keep the order of their members. Integers are kept exactly as int64;
// other numbers as double. Values are plain data: copy, compare, move; no thread safety.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace offtake::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;  // in document order; names are unique

class Value {
 public:
  Value() = default;                                // null
  Value(std::nullptr_t) {}                          // NOLINT: conversions are the point
  Value(bool value) : data_(value) {}               // NOLINT
  Value(int value) : data_(std::int64_t{value}) {}  // NOLINT
  Value(std::int64_t value) : data_(value) {}       // NOLINT
  Value(std::uint64_t value) : data_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Value(double value) : data_(value) {}                                    // NOLINT
  Value(const char* value) : data_(std::string(value)) {}                  // NOLINT
  Value(std::string value) : data_(std::move(value)) {}                    // NOLINT
  Value(std::string_view value) : data_(std::string(value)) {}             // NOLINT
  Value(Array value) : data_(std::move(value)) {}                          // NOLINT
  Value(Object value) : data_(std::move(value)) {}                         // NOLINT
  static Value array() { return Value(Array{}); }
  static Value object() { return Value(Object{}); }

  bool is_null() const { return data_.index() == 0; }
  bool is_bool() const { return data_.index() == 1; }
  bool is_int() const { return data_.index() == 2; }
  bool is_double() const { return data_.index() == 3; }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return data_.index() == 4; }
  bool is_array() const { return data_.index() == 5; }
  bool is_object() const { return data_.index() == 6; }
  const char* kind() const;  // "null", "boolean", "integer", "number", "string", "array", "object"

  // REQUIRES: the value is of that kind.
  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(data_); }
  double as_double() const { return is_int() ? static_cast<double>(as_int()) : std::get<double>(data_); }
  const std::string& as_string() const { return std::get<std::string>(data_); }
  const Array& as_array() const { return std::get<Array>(data_); }
  Array& as_array() { return std::get<Array>(data_); }
  const Object& as_object() const { return std::get<Object>(data_); }
  Object& as_object() { return std::get<Object>(data_); }

  // Member access. find: null pointer when absent or when this is no object.
  const Value* find(std::string_view name) const;
  Value* find(std::string_view name);
  // A shared null when absent: v["spec"]["sql"] never fails.
  const Value& operator[](std::string_view name) const;
  // Adds the member (and turns null into an object).
  Value& set(std::string_view name, Value value);
  Value& get_or_add(std::string_view name);  // likewise
  bool erase(std::string_view name);
  void push_back(Value value);  // turns null into an array
  // Walks members by name: at({"metadata", "name"}); a shared null when any is absent.
  const Value& at(std::initializer_list<std::string_view> path) const;
  // The text of a string member, or `otherwise`.
  std::string string_or(std::string_view name, std::string_view otherwise = "") const;
  std::int64_t int_or(std::string_view name, std::int64_t otherwise = 0) const;
  bool bool_or(std::string_view name, bool otherwise = false) const;

  friend bool operator==(const Value& a, const Value& b);  // objects: regardless of member order

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

// Parses one document; refuses duplicate members, depth over `max_depth`, anything after the document.
// Error code BadJson with line and column.
base::Result<Value> parse(std::string_view text, int max_depth = 128);
std::string dump(const Value& value, int indent = -1);  // -1: one line without spaces
std::string dump_canonical(const Value& value);         // members sorted by name, one line: for hashes

}  // namespace offtake::json
