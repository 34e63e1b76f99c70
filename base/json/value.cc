#include "base/json/value.h"

#include <cmath>

namespace offtake::json {
namespace {

const Value& shared_null() {
  static const Value kNull;
  return kNull;
}

bool equal_numbers(std::int64_t a, double b) {
  // Compared on both sides, as large integers lose digits in a double.
  if (!(b >= -9223372036854775808.0 && b < 9223372036854775808.0)) return false;
  return static_cast<double>(a) == b && static_cast<std::int64_t>(b) == a;
}

}  // namespace

const char* Value::kind() const {
  static constexpr std::array<const char*, 7> kNames{"null",   "boolean", "integer", "number",
                                                     "string", "array",   "object"};
  return kNames[data_.index()];
}

const Value* Value::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  for (const Member& member : as_object()) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

Value* Value::find(std::string_view name) {
  return const_cast<Value*>(static_cast<const Value*>(this)->find(name));
}

const Value& Value::operator[](std::string_view name) const {
  const Value* found = find(name);
  return found != nullptr ? *found : shared_null();
}

Value& Value::set(std::string_view name, Value value) {
  Value& member = get_or_add(name);
  member = std::move(value);
  return member;
}

Value& Value::get_or_add(std::string_view name) {
  if (is_null()) data_ = Object{};
  if (Value* found = find(name)) return *found;
  return as_object().emplace_back(std::string(name), Value()).second;
}

bool Value::erase(std::string_view name) {
  if (!is_object()) return false;
  return std::erase_if(as_object(), [&](const Member& member) { return member.first == name; }) > 0;
}

void Value::push_back(Value value) {
  if (is_null()) data_ = Array{};
  as_array().push_back(std::move(value));
}

const Value& Value::at(std::initializer_list<std::string_view> path) const {
  const Value* here = this;
  for (const std::string_view name : path) {
    here = here->find(name);
    if (here == nullptr) return shared_null();
  }
  return *here;
}

std::string Value::string_or(std::string_view name, std::string_view otherwise) const {
  const Value* found = find(name);
  return found != nullptr && found->is_string() ? found->as_string() : std::string(otherwise);
}

std::int64_t Value::int_or(std::string_view name, std::int64_t otherwise) const {
  const Value* found = find(name);
  return found != nullptr && found->is_int() ? found->as_int() : otherwise;
}

bool Value::bool_or(std::string_view name, bool otherwise) const {
  const Value* found = find(name);
  return found != nullptr && found->is_bool() ? found->as_bool() : otherwise;
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_int() && b.is_double()) return equal_numbers(a.as_int(), b.as_double());
  if (a.is_double() && b.is_int()) return equal_numbers(b.as_int(), a.as_double());
  if (!a.is_object() || !b.is_object()) return a.data_ == b.data_;
  if (a.as_object().size() != b.as_object().size()) return false;
  const Object& other = b.as_object();
  for (std::size_t i = 0; i < other.size(); ++i) {
    const Member& member = a.as_object()[i];
    // Mostly the order is the same; then no search is needed.
    const Value* match = other[i].first == member.first ? &other[i].second : b.find(member.first);
    if (match == nullptr || !(member.second == *match)) return false;
  }
  return true;
}

}  // namespace offtake::json
