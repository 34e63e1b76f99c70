// The field table of a kind as plain data. From it objects are parsed, defaulted, validated, converted to
// structs and back, merged by owner (server-side apply), and described (OpenAPI). Immutable once built.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"

namespace offtake::resources {

enum class FieldKind {
  kString,
  kInteger,
  kBoolean,
  kObject,    // of `object`
  kList,      // of `item`
  kMap,       // text to `item`
  kQuantity,  // integer or text with a suffix
  kAny,       // not looked into
};

enum class ListType { kAtomic, kSet, kMap };

// What text may look like: a regular expression for machines, words for people, a function for us.
struct TextFormat {
  std::string_view regex;
  std::string_view says;  // "must be …"
  bool (*matches)(std::string_view);
  std::int64_t max = -1;  // bytes; negative: the field bounds it
};

struct ObjectType;

struct Field {
  std::string name;
  std::string doc;
  FieldKind kind = FieldKind::kString;

  bool required = false;
  bool immutable = false;
  bool unavailable = false;  // designed, but not in this version: refused by name
  std::optional<json::Value> default_value;

  // Texts.
  std::vector<std::string> values;                        // an enum
  std::vector<std::string> unavailable_values;            // its values that are not in this version
  bool (*unavailable_value)(std::string_view) = nullptr;  // likewise, where they are not a list
  const TextFormat* format = nullptr;
  const TextFormat* key_format = nullptr;               // of the keys of a map
  std::function<base::Status(std::string_view)> parse;  // durations, instants: the error says what is wrong
  std::string format_name;                              // duration, date-time, …: for docs
  std::string reference;                                // the kind that the text names

  // Bounds: of an integer, of a text in bytes, of a list or map in members. Negative max: none.
  std::int64_t min = 0;
  std::int64_t max = -1;

  ListType list_type = ListType::kAtomic;
  std::vector<std::string> list_keys;  // of a list-map
  std::shared_ptr<Field> item;         // of lists and maps
  const ObjectType* object = nullptr;  // of kObject

  // Between the struct that holds the field and JSON; empty for fields without a member.
  std::function<void(void*, const json::Value&)> read;
  std::function<json::Value(const void*)> write;  // null: absent
};

// Sibling fields of which exactly one is set (or at most one).
struct Union {
  std::vector<std::string> members;
  bool required = true;
  bool immutable = false;  // which one is set
};

struct ObjectType {
  std::string name;
  std::string doc;
  std::vector<Field> fields;
  std::vector<Union> unions;

  const Field* find(std::string_view field) const;
};

// A Duration, an Instant, … described for fields of its type.
void describe_duration(Field& field);
void describe_instant(Field& field);

// The formats that names have.
extern const TextFormat kLabelName;      // a DNS label that starts with a letter
extern const TextFormat kNamespaceName;  // a DNS label
extern const TextFormat kSubdomainName;  // a DNS subdomain
extern const TextFormat kTopicName;
extern const TextFormat kColumnName;
extern const TextFormat kColumnPath;
extern const TextFormat kTargetName;
extern const TextFormat kHostPort;
extern const TextFormat kHttpUrl;
extern const TextFormat kServerUrl;
extern const TextFormat kVariableName;
extern const TextFormat kLabelKey;
extern const TextFormat kLabelValue;
extern const TextFormat kSecretKey;
extern const TextFormat kBase64;

}  // namespace offtake::resources
