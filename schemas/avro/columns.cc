#include "schemas/avro/columns.h"

#include <algorithm>

namespace offtake::avro {
namespace {

// A type that is used in many places counts each time: a small schema can stand for a huge type.
constexpr std::size_t kMaxFields = 20'000;
constexpr std::size_t kMaxNesting = 100;

// Turns nodes into types; remembers the named types it is inside of.
class Mapper {
 public:
  base::Result<types::Field> field(const Node& node, std::string name) {
    types::Field out{std::move(name), {}, false};
    base::Result<types::Type> type =
        node.kind == Kind::kUnion ? union_type(node, out.nullable) : plain_type(node);
    if (!type) return std::move(type).error();
    out.type = std::move(*type);
    return out;
  }

 private:
  static base::Error refuse(std::string message) {
    return base::terminal("BadAvroSchema", std::move(message));
  }

  base::Result<types::Type> union_type(const Node& node, bool& nullable) {
    std::vector<const Node*> values;
    for (const Node* branch : node.branches) {
      if (branch->kind == Kind::kNull) {
        nullable = true;
      } else {
        values.push_back(branch);
      }
    }
    if (values.empty()) return refuse("a type that is always null has no column");
    if (values.size() == 1) return plain_type(*values.front());
    const auto is_number = [](const Node* branch) {
      return branch->kind >= Kind::kInt && branch->kind <= Kind::kDouble && branch->logical == Logical::kNone;
    };
    if (!std::all_of(values.begin(), values.end(), is_number)) {
      return refuse(fmt::format("the union {} of several types is not supported", describe(node)));
    }
    const Node* widest = *std::max_element(values.begin(), values.end(),
                                           [](const Node* a, const Node* b) { return a->kind < b->kind; });
    return plain_type(*widest);
  }

  base::Result<types::Type> plain_type(const Node& node) {
    using types::TypeId;
    switch (node.logical) {
      case Logical::kDecimal:
        return types::Type::numeric(node.precision, node.scale);
      case Logical::kUuid:
        return types::Type(TypeId::kUuid);
      case Logical::kDate:
        return types::Type(TypeId::kDate);
      case Logical::kTimeMillis:
      case Logical::kTimeMicros:
        return types::Type(TypeId::kTime);
      case Logical::kTimestampMillis:
      case Logical::kTimestampMicros:
      case Logical::kTimestampNanos:
        return types::Type(TypeId::kTimestampTz);
      case Logical::kLocalTimestampMillis:
      case Logical::kLocalTimestampMicros:
      case Logical::kLocalTimestampNanos:
        return types::Type(TypeId::kTimestamp);
      case Logical::kDuration:
        return types::Type(TypeId::kInterval);
      case Logical::kNone:
        break;
    }
    switch (node.kind) {
      case Kind::kNull:
        return refuse("a type that is always null has no column");
      case Kind::kBoolean:
        return types::Type(TypeId::kBoolean);
      case Kind::kInt:
        return types::Type(TypeId::kInt4);
      case Kind::kLong:
        return types::Type(TypeId::kInt8);
      case Kind::kFloat:
        return types::Type(TypeId::kFloat4);
      case Kind::kDouble:
        return types::Type(TypeId::kFloat8);
      case Kind::kBytes:
      case Kind::kFixed:
        return types::Type(TypeId::kBytea);
      case Kind::kString:
      case Kind::kEnum:
        return types::Type(TypeId::kText);
      case Kind::kArray:
      case Kind::kMap: {
        base::Result<types::Field> items = field(node.items(), "");
        if (!items) return std::move(items).error();
        return node.kind == Kind::kArray ? types::Type::array(std::move(items->type), items->nullable)
                                         : types::Type::map(std::move(items->type), items->nullable);
      }
      case Kind::kRecord:
        return record_type(node);
      case Kind::kUnion:
        break;
    }
    return refuse("a union directly inside a union has no column");
  }

  base::Result<types::Type> record_type(const Node& node) {
    fields_ += node.fields.size();
    if (inside_.size() == kMaxNesting)
      return refuse(fmt::format("the type is nested deeper than {}", kMaxNesting));
    if (fields_ > kMaxFields)
      return refuse(fmt::format("the type has more than {} nested fields", kMaxFields));
    if (std::find(inside_.begin(), inside_.end(), &node) != inside_.end()) {
      return refuse(fmt::format("the type {} contains itself", node.full_name()));
    }
    inside_.push_back(&node);
    std::vector<types::Field> fields;
    for (const Field& inner : node.fields) {
      base::Result<types::Field> mapped = field(*inner.type, inner.name);
      if (!mapped) return std::move(mapped).error().in(fmt::format("field \"{}\"", inner.name));
      fields.push_back(std::move(*mapped));
    }
    inside_.pop_back();
    return types::Type::record(std::move(fields));
  }

  std::vector<const Node*> inside_;
  std::size_t fields_ = 0;
};

}  // namespace

base::Result<types::Field> column_of(const Node& node, std::string name) {
  return Mapper().field(node, std::move(name));
}

Columns columns_of(const Schema& schema) {
  Columns columns;
  const auto add = [&](const Node& node, const std::string& name) {
    base::Result<types::Field> column = column_of(node, name);
    if (column) {
      columns.fields.push_back(std::move(*column));
    } else {
      columns.refused.push_back({name, column.error().message});
    }
  };
  if (schema.root().kind != Kind::kRecord) {
    add(schema.root(), "");
  } else {
    for (const Field& field : schema.root().fields) {
      add(*field.type, field.name);
    }
  }
  return columns;
}

}  // namespace offtake::avro
