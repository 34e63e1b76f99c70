// Schema documents to schema graphs.
#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "schemas/avro/defaults.h"
#include "schemas/avro/schema.h"

namespace offtake::avro {
namespace {

struct Document {
  std::deque<Node> nodes;
  std::vector<std::shared_ptr<const void>> kept;  // owners of referenced types
};

constexpr std::array<std::string_view, 8> kPrimitives{"null",  "boolean", "int",   "long",
                                                      "float", "double",  "bytes", "string"};

std::optional<Kind> primitive(std::string_view name) {
  const auto found = std::find(kPrimitives.begin(), kPrimitives.end(), name);
  if (found == kPrimitives.end()) return std::nullopt;
  return static_cast<Kind>(found - kPrimitives.begin());
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool is_any_of(std::string_view text, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

constexpr std::array<std::string_view, 6> kFieldAttributes{"name",    "type",  "doc",
                                                           "default", "order", "aliases"};
constexpr std::array<std::string_view, 10> kTypeAttributes{"type",  "name",   "namespace", "doc",  "fields",
                                                           "items", "values", "symbols",   "size", "aliases"};
constexpr std::array<std::string_view, 3> kOrders{"ascending", "descending", "ignore"};

// The logical type that the properties name, where it fits the node's type.
void set_logical(Node& node) {
  std::string_view name;
  const auto integer = [&](std::string_view key, std::int64_t otherwise) {
    for (const json::Member& member : node.properties) {
      if (member.first == key && member.second.is_int()) return member.second.as_int();
    }
    return otherwise;
  };
  for (const json::Member& member : node.properties) {
    if (member.first == "logicalType" && member.second.is_string()) name = member.second.as_string();
  }
  if (name.empty()) return;
  struct Fit {
    std::string_view name;
    Kind kind;
    Logical logical;
  };
  static constexpr std::array<Fit, 11> kFits{{
      {"uuid", Kind::kString, Logical::kUuid},
      {"date", Kind::kInt, Logical::kDate},
      {"time-millis", Kind::kInt, Logical::kTimeMillis},
      {"time-micros", Kind::kLong, Logical::kTimeMicros},
      {"timestamp-millis", Kind::kLong, Logical::kTimestampMillis},
      {"timestamp-micros", Kind::kLong, Logical::kTimestampMicros},
      {"timestamp-nanos", Kind::kLong, Logical::kTimestampNanos},
      {"local-timestamp-millis", Kind::kLong, Logical::kLocalTimestampMillis},
      {"local-timestamp-micros", Kind::kLong, Logical::kLocalTimestampMicros},
      {"local-timestamp-nanos", Kind::kLong, Logical::kLocalTimestampNanos},
      {"duration", Kind::kFixed, Logical::kDuration},
  }};
  for (const Fit& fit : kFits) {
    if (fit.name != name || fit.kind != node.kind) continue;
    if (fit.logical == Logical::kDuration && node.size != 12) return;
    node.logical = fit.logical;
  }
  if (name == "uuid" && node.kind == Kind::kFixed && node.size == 16) node.logical = Logical::kUuid;
  if (name == "decimal" && (node.kind == Kind::kBytes || node.kind == Kind::kFixed)) {
    const std::int64_t precision = integer("precision", 0), scale = integer("scale", 0);
    if (precision < 1 || precision > 1000 || scale < 0 || scale > precision) return;
    // The digits that `size` bytes can always hold.
    if (node.kind == Kind::kFixed &&
        static_cast<double>(precision) > (8.0 * static_cast<double>(node.size) - 1.0) * 0.30102999566398120) {
      return;
    }
    node.logical = Logical::kDecimal;
    node.precision = static_cast<int>(precision);
    node.scale = static_cast<int>(scale);
  }
}

class Parser {
 public:
  explicit Parser(const ParseOptions& options) : options_(options), document_(std::make_shared<Document>()) {}

  base::Result<Schema> parse(const json::Value& root) {
    for (const Schema& schema : options_.known) {
      document_->kept.push_back(schema.owner());
      for (const Node* node : named_types(schema)) names_.emplace(node->full_name(), node);
    }
    const Node* node = read(root, "");
    if (node == nullptr) return std::move(*error_);
    return Schema(document_, node);
  }

 private:
  std::nullptr_t refuse(std::string message) {
    if (error_) return nullptr;
    std::string pointer;
    for (const std::string& segment : path_) pointer += "/" + segment;
    error_ = base::terminal(
        "BadAvroSchema", pointer.empty() ? std::move(message) : fmt::format("{} (at {})", message, pointer));
    return nullptr;
  }

  struct Step {
    std::vector<std::string>& path;
    Step(std::vector<std::string>& to, std::string segment) : path(to) { path.push_back(std::move(segment)); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { path.pop_back(); }
  };

  Node& make(Kind kind) {
    Node& node = document_->nodes.emplace_back();
    node.kind = kind;
    return node;
  }

  const Node* read(const json::Value& value, const std::string& space) {
    if (value.is_string()) return read_name(value.as_string(), space);
    if (value.is_array()) return read_union(value, space);
    if (value.is_object()) return read_object(value, space);
    return refuse(fmt::format("a schema is a name, an object or an array, not {}", json::dump(value)));
  }

  const Node* read_name(const std::string& name, const std::string& space) {
    if (const auto kind = primitive(name)) return &make(*kind);
    const bool full = name.find('.') != std::string::npos;
    if (!full && !space.empty()) {
      if (const auto found = names_.find(space + "." + name); found != names_.end()) return found->second;
    }
    if (const auto found = names_.find(name); found != names_.end()) return found->second;
    return refuse(fmt::format("no type \"{}\" is defined before this place", name));
  }

  const Node* read_union(const json::Value& value, const std::string& space) {
    Node& node = make(Kind::kUnion);
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      const Step step(path_, std::to_string(i));
      const Node* branch = read(value.as_array()[i], space);
      if (branch == nullptr) return nullptr;
      if (branch->kind == Kind::kUnion) return refuse("a union directly inside a union is not allowed");
      const std::string key = branch->is_named() ? branch->full_name() : kind_name(branch->kind);
      if (!seen.insert(key).second) return refuse(fmt::format("the union has {} twice", key));
      node.branches.push_back(branch);
    }
    return &node;
  }

  const Node* read_object(const json::Value& value, const std::string& space) {
    const json::Value* type = value.find("type");
    if (type == nullptr) return refuse(fmt::format("the schema has no \"type\": {}", json::dump(value)));
    if (!type->is_string()) {
      const Step step(path_, "type");
      return read(*type, space);
    }
    const std::string& name = type->as_string();
    if (name == "record" || name == "error") return read_record(value, space, name == "error");
    if (name == "enum") return read_enum(value, space);
    if (name == "fixed") return read_fixed(value, space);
    if (name == "array") return read_collection(value, space, Kind::kArray, "items");
    if (name == "map") return read_collection(value, space, Kind::kMap, "values");
    if (const auto kind = primitive(name)) {
      Node& node = make(*kind);
      read_properties(value, node.properties, kTypeAttributes, false);
      set_logical(node);
      return &node;
    }
    const Step step(path_, "type");
    return read_name(name, space);
  }

  static void read_properties(const json::Value& value, json::Object& properties,
                              std::span<const std::string_view> attributes, bool without_default) {
    for (const json::Member& member : value.as_object()) {
      if (is_any_of(member.first, attributes) || (without_default && member.first == "default")) continue;
      properties.push_back(member);
    }
  }

  // Name, namespace, aliases, doc. Registers the name; false after an error.
  bool read_naming(const json::Value& value, Node& node, const std::string& space) {
    const json::Value* name = value.find("name");
    if (name == nullptr || !name->is_string() || name->as_string().empty()) {
      refuse(fmt::format("the {} has no \"name\"", kind_name(node.kind)));
      return false;
    }
    const std::string& text = name->as_string();
    if (const auto dot = text.rfind('.'); dot != std::string::npos) {
      node.space = text.substr(0, dot);
      node.name = text.substr(dot + 1);
    } else {
      node.name = text;
      const json::Value* given = value.find("namespace");
      node.space = given != nullptr && given->is_string() ? given->as_string() : space;
    }
    if (!is_name(node.name)) {
      refuse(fmt::format("\"{}\" is no name: letters, digits and _, not a digit first", text));
      return false;
    }
    for (std::size_t from = 0; !node.space.empty() && from <= node.space.size();) {
      const std::size_t dot = std::min(node.space.find('.', from), node.space.size());
      if (!is_name(std::string_view(node.space).substr(from, dot - from))) {
        refuse(fmt::format("\"{}\" is no namespace: names separated by dots", node.space));
        return false;
      }
      from = dot + 1;
    }
    if (node.space.empty() && primitive(node.name)) {
      refuse(
          fmt::format("a {} cannot be named \"{}\" like a primitive type", kind_name(node.kind), node.name));
      return false;
    }
    if (!names_.emplace(node.full_name(), &node).second) {
      refuse(fmt::format("the type {} is defined twice", node.full_name()));
      return false;
    }
    if (const json::Value* doc = value.find("doc"); doc != nullptr && doc->is_string())
      node.doc = doc->as_string();
    std::vector<std::string> aliases;
    if (!read_strings(value, "aliases", aliases)) return false;
    for (const std::string& alias : aliases) {
      const bool full = alias.find('.') != std::string::npos || node.space.empty();
      node.aliases.push_back(full ? alias : node.space + "." + alias);
    }
    return true;
  }

  bool read_strings(const json::Value& value, std::string_view member, std::vector<std::string>& out) {
    const json::Value* list = value.find(member);
    if (list == nullptr || list->is_null()) return true;
    const Step step(path_, std::string(member));
    if (!list->is_array()) {
      refuse(fmt::format("\"{}\" is a list of strings, not {}", member, json::dump(*list)));
      return false;
    }
    for (const json::Value& item : list->as_array()) {
      if (!item.is_string()) {
        refuse(fmt::format("\"{}\" is a list of strings; this is {}", member, json::dump(item)));
        return false;
      }
      out.push_back(item.as_string());
    }
    return true;
  }

  const Node* read_record(const json::Value& value, const std::string& space, bool is_error) {
    Node& node = make(Kind::kRecord);
    node.is_error = is_error;
    if (!read_naming(value, node, space)) return nullptr;
    const json::Value* fields = value.find("fields");
    if (fields == nullptr || !fields->is_array()) {
      return refuse(fmt::format("the record {} has no list of \"fields\"", node.full_name()));
    }
    const Step step(path_, "fields");
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < fields->as_array().size(); ++i) {
      const Step inner(path_, std::to_string(i));
      if (!read_field(fields->as_array()[i], node)) return nullptr;
      if (!seen.insert(node.fields.back().name).second) {
        return refuse(fmt::format("the record {} has the field \"{}\" twice", node.full_name(),
                                  node.fields.back().name));
      }
    }
    read_properties(value, node.properties, kTypeAttributes, false);
    return &node;
  }

  bool read_field(const json::Value& value, Node& record) {
    if (!value.is_object()) {
      refuse(fmt::format("a field is an object, not {}", json::dump(value)));
      return false;
    }
    const json::Value* name = value.find("name");
    if (name == nullptr || !name->is_string() || !is_name(name->as_string())) {
      refuse(name == nullptr ? std::string("the field has no \"name\"")
                             : fmt::format("{} is no field name: letters, digits and _, not a digit first",
                                           json::dump(*name)));
      return false;
    }
    Field field;
    field.name = name->as_string();
    const json::Value* type = value.find("type");
    if (type == nullptr) {
      refuse(fmt::format("the field \"{}\" has no \"type\"", field.name));
      return false;
    }
    {
      const Step step(path_, "type");
      field.type = read(*type, record.space);
      if (field.type == nullptr) return false;
    }
    if (const json::Value* doc = value.find("doc"); doc != nullptr && doc->is_string())
      field.doc = doc->as_string();
    if (!read_strings(value, "aliases", field.aliases)) return false;
    if (const json::Value* order = value.find("order"); order != nullptr) {
      const std::string text = order->is_string() ? order->as_string() : "";
      if (!is_any_of(text, kOrders)) {
        refuse(fmt::format("\"order\" is ascending, descending or ignore, not {}", json::dump(*order)));
        return false;
      }
      field.order = text == "ascending"    ? Order::kAscending
                    : text == "descending" ? Order::kDescending
                                           : Order::kIgnore;
    }
    if (const json::Value* given = value.find("default")) {
      if (options_.check_defaults && !is_valid_default(*field.type, *given)) {
        const Step step(path_, "default");
        refuse(fmt::format("the default {} of the field \"{}\" is no {}", json::dump(*given), field.name,
                           describe(*field.type)));
        return false;
      }
      field.default_value = *given;
    }
    read_properties(value, field.properties, kFieldAttributes, false);
    record.fields.push_back(std::move(field));
    return true;
  }

  const Node* read_enum(const json::Value& value, const std::string& space) {
    Node& node = make(Kind::kEnum);
    if (!read_naming(value, node, space)) return nullptr;
    if (value.find("symbols") == nullptr) {
      return refuse(fmt::format("the enum {} has no \"symbols\"", node.full_name()));
    }
    if (!read_strings(value, "symbols", node.symbols)) return nullptr;
    std::unordered_set<std::string_view> seen;
    for (const std::string& symbol : node.symbols) {
      if (!is_name(symbol)) {
        return refuse(
            fmt::format("\"{}\" is no enum symbol: letters, digits and _, not a digit first", symbol));
      }
      if (!seen.insert(symbol).second) return refuse(fmt::format("the enum has the symbol {} twice", symbol));
    }
    if (const json::Value* given = value.find("default"); given != nullptr && !given->is_null()) {
      if (!given->is_string() || seen.count(given->as_string()) == 0) {
        return refuse(
            fmt::format("the default {} is no symbol of the enum {}", json::dump(*given), node.full_name()));
      }
      node.enum_default = given->as_string();
    }
    read_properties(value, node.properties, kTypeAttributes, true);
    return &node;
  }

  const Node* read_fixed(const json::Value& value, const std::string& space) {
    Node& node = make(Kind::kFixed);
    if (!read_naming(value, node, space)) return nullptr;
    const json::Value* size = value.find("size");
    if (size == nullptr || !size->is_int() || size->as_int() < 0 || size->as_int() > (1 << 30)) {
      return refuse(fmt::format("the fixed {} needs a \"size\" in bytes", node.full_name()));
    }
    node.size = size->as_int();
    read_properties(value, node.properties, kTypeAttributes, false);
    set_logical(node);
    return &node;
  }

  const Node* read_collection(const json::Value& value, const std::string& space, Kind kind,
                              const std::string& member) {
    Node& node = make(kind);
    const json::Value* items = value.find(member);
    if (items == nullptr) return refuse(fmt::format("the {} has no \"{}\"", kind_name(kind), member));
    const Step step(path_, member);
    const Node* inner = read(*items, space);
    if (inner == nullptr) return nullptr;
    node.branches.push_back(inner);
    read_properties(value, node.properties, kTypeAttributes, false);
    return &node;
  }

  const ParseOptions& options_;
  std::shared_ptr<Document> document_;
  std::unordered_map<std::string, const Node*> names_;
  std::vector<std::string> path_;
  std::optional<base::Error> error_;
};

}  // namespace

base::Result<Schema> parse(std::string_view text, const ParseOptions& options) {
  if (text.size() > options.max_bytes) {
    return base::terminal("BadAvroSchema",
                          fmt::format("the schema has {} bytes, more than the {} that are allowed",
                                      text.size(), options.max_bytes));
  }
  base::Result<json::Value> root = json::parse(text, options.max_depth);
  if (!root) {
    base::Error error = std::move(root).error();
    error.code = "BadAvroSchema";
    return error;
  }
  return Parser(options).parse(*root);
}

}  // namespace offtake::avro
