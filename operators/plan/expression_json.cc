#include "operators/plan/expression_json.h"

#include <fmt/format.h>

#include "operators/plan/plan_json.h"

namespace offtake::plan {
namespace {

constexpr int kMaxDepth = 1000;

json::Value write_list(const std::vector<ExpressionPtr>& list) {
  json::Value out = json::Value::array();
  for (const ExpressionPtr& item : list) out.push_back(to_json(*item));
  return out;
}

struct Writer {
  json::Value& out;

  void operator()(const ColumnRef& node) const {
    out.set("op", "column");
    out.set("index", node.index);
  }
  void operator()(const Literal& node) const {
    out.set("op", "literal");
    if (!node.value.is_null()) out.set("value", node.value.to_text());
  }
  void operator()(const Call& node) const {
    out.set("op", "call");
    out.set("function", node.function);
    out.set("arguments", write_list(node.arguments));
  }
  void operator()(const Logical& node) const {
    const char* names[] = {"and", "or", "not"};
    out.set("op", names[static_cast<int>(node.op)]);
    out.set("terms", write_list(node.terms));
  }
  void operator()(const IsNull& node) const {
    out.set("op", node.negated ? "isNotNull" : "isNull");
    out.set("argument", to_json(*node.argument));
  }
  void operator()(const Case& node) const {
    out.set("op", "case");
    json::Value branches = json::Value::array();
    for (const Case::Branch& branch : node.branches) {
      json::Value item = json::Value::object();
      item.set("when", to_json(*branch.when));
      item.set("then", to_json(*branch.then));
      branches.push_back(std::move(item));
    }
    out.set("branches", std::move(branches));
    if (node.otherwise) out.set("otherwise", to_json(*node.otherwise));
  }
  void operator()(const Coalesce& node) const {
    out.set("op", "coalesce");
    out.set("arguments", write_list(node.arguments));
  }
  void operator()(const InList& node) const {
    out.set("op", node.negated ? "notIn" : "in");
    out.set("argument", to_json(*node.argument));
    out.set("list", write_list(node.list));
  }
  void operator()(const Cast& node) const {
    out.set("op", "cast");
    out.set("argument", to_json(*node.argument));
  }
};

struct Reader {
  std::size_t columns;
  const std::string& path;
  std::optional<base::Error> error;

  void fail(std::string_view what) {
    if (!error) error = bad_plan(path, what);
  }

  std::vector<ExpressionPtr> read_list(const json::Value& value, int depth, std::size_t at_least) {
    std::vector<ExpressionPtr> out;
    if (!value.is_array() || value.as_array().size() < at_least) {
      fail("has an expression with too few arguments");
      return out;
    }
    for (const json::Value& item : value.as_array()) out.push_back(read(item, depth + 1));
    return out;
  }

  ExpressionPtr read(const json::Value& value, int depth) {
    if (depth > kMaxDepth) fail("has an expression that is nested too deep");
    auto type = type_from_json(value["type"]);
    if (!type) fail(type.error().message);
    if (error) return nullptr;
    auto out = std::make_shared<Expression>();
    out->type = *std::move(type);
    out->nullable = value.bool_or("nullable", true);
    read_kind(value, depth, *out);
    return error ? nullptr : out;
  }

  void read_kind(const json::Value& value, int depth, Expression& out) {
    const std::string op = value.string_or("op");
    if (op == "column") {
      const std::int64_t index = value.int_or("index", -1);
      if (index < 0 || static_cast<std::size_t>(index) >= columns) fail("reads a column that does not exist");
      out.node = ColumnRef{static_cast<int>(index)};
    } else if (op == "literal") {
      out.node = read_literal(value, out.type);
    } else if (op == "call") {
      out.node = Call{value.string_or("function"), read_list(value["arguments"], depth, 1)};
    } else if (op == "and" || op == "or" || op == "not") {
      const auto kind = op == "and" ? Logical::Op::kAnd : op == "or" ? Logical::Op::kOr : Logical::Op::kNot;
      out.node = Logical{kind, read_list(value["terms"], depth, 1)};
    } else if (op == "isNull" || op == "isNotNull") {
      out.node = IsNull{read(value["argument"], depth + 1), op == "isNotNull"};
    } else if (op == "case") {
      out.node = read_case(value, depth);
    } else if (op == "coalesce") {
      out.node = Coalesce{read_list(value["arguments"], depth, 1)};
    } else if (op == "in" || op == "notIn") {
      out.node =
          InList{read(value["argument"], depth + 1), read_list(value["list"], depth, 1), op == "notIn"};
    } else if (op == "cast") {
      out.node = Cast{read(value["argument"], depth + 1)};
    } else {
      fail("has an expression that is not known: '" + op + "'");
    }
  }

  Literal read_literal(const json::Value& value, const types::Type& type) {
    const json::Value* text = value.find("value");
    if (text == nullptr) return {types::Datum::null(type)};
    if (!text->is_string()) {
      fail("has a literal that is no string");
      return {};
    }
    auto datum = types::Datum::parse(type, text->as_string());
    if (!datum) {
      fail(datum.error().message);
      return {};
    }
    return {*std::move(datum)};
  }

  Case read_case(const json::Value& value, int depth) {
    Case out;
    if (!value["branches"].is_array() || value["branches"].as_array().empty()) {
      fail("has a CASE without branches");
      return out;
    }
    for (const json::Value& item : value["branches"].as_array()) {
      out.branches.push_back({read(item["when"], depth + 1), read(item["then"], depth + 1)});
    }
    if (value.find("otherwise") != nullptr) out.otherwise = read(value["otherwise"], depth + 1);
    return out;
  }
};

}  // namespace

json::Value to_json(const Expression& expression) {
  json::Value out = json::Value::object();
  std::visit(Writer{out}, expression.node);
  out.set("type", to_json(expression.type));
  out.set("nullable", expression.nullable);
  return out;
}

base::Result<ExpressionPtr> expression_from_json(const json::Value& value, std::size_t columns,
                                                 const std::string& path) {
  Reader reader{columns, path, std::nullopt};
  ExpressionPtr made = reader.read(value, 0);
  if (reader.error) return *std::move(reader.error);
  return made;
}

}  // namespace offtake::plan
