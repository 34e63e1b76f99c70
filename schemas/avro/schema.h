// An Avro schema in memory: a graph of nodes (named types may refer to themselves). Immutable once parsed,
// cheap to copy (the graph is shared), thread-safe to read.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"

namespace offtake::avro {

enum class Kind : std::uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kRecord,
  kEnum,
  kFixed,
  kArray,
  kMap,
  kUnion,
};

// A logical type that does not fit the type it annotates is ignored, as the specification asks.
enum class Logical : std::uint8_t {
  kNone,
  kDecimal,
  kUuid,
  kDate,
  kTimeMillis,
  kTimeMicros,
  kTimestampMillis,
  kTimestampMicros,
  kTimestampNanos,
  kLocalTimestampMillis,
  kLocalTimestampMicros,
  kLocalTimestampNanos,
  kDuration,
};

enum class Order : std::uint8_t { kAscending, kDescending, kIgnore };

struct Node;

struct Field {
  std::string name;
  const Node* type = nullptr;
  std::vector<std::string> aliases;
  std::optional<std::string> doc;
  std::optional<json::Value> default_value;
  Order order = Order::kAscending;
  json::Object properties;  // everything the specification does not name, in document order
};

struct Node {
  Kind kind = Kind::kNull;
  Logical logical = Logical::kNone;
  int precision = 0;  // kDecimal
  int scale = 0;
  std::int64_t size = 0;  // kFixed: bytes

  std::string name;                  // kRecord, kEnum, kFixed: without the namespace
  std::string space;                 // their namespace; empty: none
  std::vector<std::string> aliases;  // their full names
  std::optional<std::string> doc;
  bool is_error = false;  // a record declared as "error"

  std::vector<Field> fields;         // kRecord
  std::vector<std::string> symbols;  // kEnum
  std::optional<std::string> enum_default;
  std::vector<const Node*> branches;  // kUnion: the branches; kArray: [items]; kMap: [values]
  json::Object properties;            // logicalType, precision and scale among them

  std::string full_name() const { return space.empty() ? name : space + "." + name; }
  bool is_named() const { return kind == Kind::kRecord || kind == Kind::kEnum || kind == Kind::kFixed; }
  const Node& items() const { return *branches.front(); }  // REQUIRES: kArray or kMap
  const Field* find_field(std::string_view field_name) const;
};

class Schema {
 public:
  // REQUIRES: `root` lives as long as `owner`.
  Schema(std::shared_ptr<const void> owner, const Node* root) : owner_(std::move(owner)), root_(root) {}
  const Node& root() const { return *root_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  std::shared_ptr<const void> owner_;
  const Node* root_;
};

struct ParseOptions {
  bool check_defaults = true;  // a default must be a value of its field's type
  // Schemas whose named types may be used without being defined (references).
  std::span<const Schema> known = {};
  std::size_t max_bytes = 4 << 20;
  int max_depth = 200;  // of the JSON text
};

// Code BadAvroSchema; the message says where in the document as a JSON pointer ("at /fields/3/type"), or as
// line and column where the text is no JSON.
base::Result<Schema> parse(std::string_view text, const ParseOptions& options = {});

// One line of JSON with the attributes in the order in which Java's implementation writes them; docs,
// defaults, aliases and unknown properties are kept. The registry's identity of a schema. Types of `known`
// are written by name.
std::string to_json(const Schema& schema, std::span<const Schema> known = {});
// The same with full names and sorted properties: equal for schemas that differ in spelling only.
std::string to_normalized_json(const Schema& schema, std::span<const Schema> known = {});
// The specification's Parsing Canonical Form, and its CRC-64-AVRO fingerprint.
std::string canonical_form(const Schema& schema);
std::uint64_t fingerprint64(std::string_view canonical_form);

// Every record, enum and fixed of the schema, each once.
std::vector<const Node*> named_types(const Schema& schema);
const char* kind_name(Kind kind);  // "record", "long"
std::string describe(
    const Node& node);  // for messages: "record shop.Order", "[null, long]", "array of string"

}  // namespace offtake::avro
