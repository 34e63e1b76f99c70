#include "expectation.h"

namespace offtake::resource_client_test {
namespace {

std::string text_of(const json::Value& value) {
  return value.is_string() ? value.as_string() : json::dump(value);
}

std::string unlike(const json::Value& expected, const json::Value* actual) {
  return fmt::format(": {} is not {}", actual == nullptr ? "nothing" : json::dump(*actual),
                     json::dump(expected));
}

bool is_variable(std::string_view text) {
  return text.size() > 1 && text[0] == '$' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", 1) == std::string_view::npos;
}

std::string text_difference(const std::string& expected, const json::Value* actual, Variables& variables) {
  if (expected == "!") return actual == nullptr ? "" : unlike(expected, actual);
  if (actual == nullptr) return unlike(expected, actual);
  if (expected == "*") return "";
  if (expected.starts_with("!$")) {
    return text_of(*actual) != variables.at(expected.substr(1)) ? "" : unlike(expected, actual);
  }
  if (is_variable(expected)) {
    const auto known = variables.emplace(expected, text_of(*actual)).first;
    return known->second == text_of(*actual) ? "" : unlike(expected + " = " + known->second, actual);
  }
  const std::string whole = with_values(expected, variables).as_string();
  return actual->is_string() && actual->as_string() == whole ? "" : unlike(whole, actual);
}

}  // namespace

std::string difference(const json::Value& expected, const json::Value* actual, Variables& variables) {
  if (expected.is_string()) return text_difference(expected.as_string(), actual, variables);
  if (actual == nullptr) return unlike(expected, actual);
  if (expected.is_object() && actual->is_object()) {
    for (const auto& [name, member] : expected.as_object()) {
      const std::string found = difference(member, actual->find(name), variables);
      if (!found.empty()) return "." + name + found;
    }
    return "";
  }
  if (expected.is_array() && actual->is_array()) {
    if (expected.as_array().size() != actual->as_array().size()) return unlike(expected, actual);
    for (std::size_t i = 0; i < expected.as_array().size(); ++i) {
      const std::string found = difference(expected.as_array()[i], &actual->as_array()[i], variables);
      if (!found.empty()) return fmt::format("[{}]{}", i, found);
    }
    return "";
  }
  return expected == *actual ? "" : unlike(expected, actual);
}

json::Value with_values(json::Value value, const Variables& variables) {
  if (value.is_object()) {
    for (auto& [name, member] : value.as_object()) {
      name = with_values(name, variables).as_string();
      member = with_values(std::move(member), variables);
    }
  } else if (value.is_array()) {
    for (json::Value& item : value.as_array()) item = with_values(std::move(item), variables);
  } else if (value.is_string()) {
    std::string text = value.as_string();
    // Longer names first: "$version" begins with "$v".
    for (auto it = variables.rbegin(); it != variables.rend(); ++it) {
      for (auto at = text.find(it->first); at != std::string::npos;
           at = text.find(it->first, at + it->second.size())) {
        text.replace(at, it->first.size(), it->second);
      }
    }
    return text;
  }
  return value;
}

}  // namespace offtake::resource_client_test
