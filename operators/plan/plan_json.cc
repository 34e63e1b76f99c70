#include "operators/plan/plan_json.h"

#include <fmt/format.h>

#include "operators/plan/expression_json.h"

namespace offtake::plan {
namespace {

json::Value ints(const std::vector<int>& values) {
  json::Value out = json::Value::array();
  for (int value : values) out.push_back(value);
  return out;
}

json::Value write_field(const types::Field& field) {
  json::Value out = json::Value::object();
  out.set("name", field.name);
  out.set("type", to_json(field.type));
  out.set("nullable", field.nullable);
  return out;
}

json::Value write_fields(const std::vector<types::Field>& fields) {
  json::Value out = json::Value::array();
  for (const types::Field& field : fields) out.push_back(write_field(field));
  return out;
}

json::Value write_node(const Node& node);

struct NodeWriter {
  json::Value operator()(const Scan& scan) const {
    json::Value out = json::Value::object();
    out.set("op", "scan");
    out.set("source", scan.source);
    out.set("columns", ints(scan.columns));
    return out;
  }
  json::Value operator()(const Filter& filter) const {
    json::Value out = json::Value::object();
    out.set("op", "filter");
    out.set("input", write_node(*filter.input));
    out.set("predicate", to_json(*filter.predicate));
    return out;
  }
  json::Value operator()(const Project& project) const {
    json::Value out = json::Value::object();
    out.set("op", "project");
    out.set("input", write_node(*project.input));
    json::Value list = json::Value::array();
    for (const ExpressionPtr& expression : project.expressions) list.push_back(to_json(*expression));
    out.set("expressions", std::move(list));
    return out;
  }
  json::Value operator()(const Join& join) const {
    json::Value out = json::Value::object();
    out.set("op", "join");
    out.set("kind", join.kind == JoinKind::kLeft ? "left" : "inner");
    out.set("left", write_node(*join.left));
    out.set("right", write_node(*join.right));
    out.set("leftKeys", ints(join.left_keys));
    out.set("rightKeys", ints(join.right_keys));
    if (join.residual) out.set("residual", to_json(*join.residual));
    return out;
  }
  json::Value operator()(const GroupBy& group) const {
    json::Value out = json::Value::object();
    out.set("op", "groupBy");
    out.set("input", write_node(*group.input));
    out.set("group", ints(group.group));
    json::Value list = json::Value::array();
    for (const AggregateCall& call : group.aggregates) {
      json::Value item = json::Value::object();
      item.set("function", call.function == Aggregate::kCountAll ? "count(*)" : to_string(call.function));
      item.set("argument", call.argument);
      item.set("type", to_json(call.type));
      list.push_back(std::move(item));
    }
    out.set("aggregates", std::move(list));
    return out;
  }
};

json::Value write_node(const Node& node) {
  json::Value out = std::visit(NodeWriter{}, node.node);
  out.set("output", write_fields(node.output));
  return out;
}

// Reading keeps the first error; whatever follows it is discarded.
struct Reader {
  std::optional<base::Error> error;
  std::size_t sources = 0;
  std::vector<std::size_t> source_columns;

  void fail(const std::string& path, std::string_view what) {
    if (!error) error = bad_plan(path, what);
  }

  std::vector<int> read_ints(const json::Value& value, std::size_t limit, const std::string& path) {
    std::vector<int> out;
    if (!value.is_array()) {
      fail(path, "must be a list of column numbers");
      return out;
    }
    for (const json::Value& item : value.as_array()) {
      if (!item.is_int() || item.as_int() < 0 || static_cast<std::size_t>(item.as_int()) >= limit) {
        fail(path, "holds a column number that does not exist");
        return out;
      }
      out.push_back(static_cast<int>(item.as_int()));
    }
    return out;
  }

  std::vector<types::Field> read_fields(const json::Value& value, const std::string& path) {
    std::vector<types::Field> out;
    if (!value.is_array()) {
      fail(path, "must be a list of fields");
      return out;
    }
    for (const json::Value& item : value.as_array()) {
      auto type = type_from_json(item["type"]);
      if (!type) {
        fail(path, type.error().message);
        return out;
      }
      out.push_back({item.string_or("name"), *std::move(type), item.bool_or("nullable", true)});
    }
    return out;
  }

  ExpressionPtr read_expression(const json::Value& value, std::size_t columns, const std::string& path) {
    auto made = expression_from_json(value, columns, path);
    if (made) return *std::move(made);
    if (!error) error = std::move(made).error();
    return nullptr;
  }

  NodePtr read_node(const json::Value& value, const std::string& path, int depth) {
    if (depth > 1000) fail(path, "is nested too deep");
    if (!value.is_object()) fail(path, "must be a node");
    if (error) return nullptr;
    auto node = std::make_shared<Node>();
    node->output = read_fields(value["output"], path + ".output");
    const std::string op = value.string_or("op");
    std::size_t width = 0;
    if (op == "scan") {
      width = read_scan(value, path, *node);
    } else if (op == "filter") {
      Filter filter{read_node(value["input"], path + ".input", depth + 1), nullptr};
      if (error) return nullptr;
      width = filter.input->output.size();
      filter.predicate = read_expression(value["predicate"], width, path + ".predicate");
      node->node = std::move(filter);
    } else if (op == "project") {
      Project project{read_node(value["input"], path + ".input", depth + 1), {}};
      if (error) return nullptr;
      if (!value["expressions"].is_array()) fail(path + ".expressions", "must be a list");
      if (error) return nullptr;
      for (const json::Value& item : value["expressions"].as_array()) {
        project.expressions.push_back(
            read_expression(item, project.input->output.size(), path + ".expressions"));
      }
      width = project.expressions.size();
      node->node = std::move(project);
    } else if (op == "join") {
      width = read_join(value, path, depth, *node);
    } else if (op == "groupBy") {
      width = read_group(value, path, depth, *node);
    } else {
      fail(path + ".op", "is not known: '" + op + "'");
    }
    if (!error && width != node->output.size()) fail(path + ".output", "has another width than the node");
    return error ? nullptr : node;
  }

  std::size_t read_scan(const json::Value& value, const std::string& path, Node& node) {
    Scan scan;
    scan.source = static_cast<int>(value.int_or("source", -1));
    if (scan.source < 0 || static_cast<std::size_t>(scan.source) >= sources) {
      fail(path + ".source", "is no source of the plan");
      return 0;
    }
    scan.columns =
        read_ints(value["columns"], source_columns[static_cast<std::size_t>(scan.source)], path + ".columns");
    const std::size_t width = scan.columns.size();
    node.node = std::move(scan);
    return width;
  }

  std::size_t read_join(const json::Value& value, const std::string& path, int depth, Node& node) {
    Join join;
    const std::string kind = value.string_or("kind");
    if (kind != "inner" && kind != "left") fail(path + ".kind", "must be inner or left");
    join.kind = kind == "left" ? JoinKind::kLeft : JoinKind::kInner;
    join.left = read_node(value["left"], path + ".left", depth + 1);
    join.right = read_node(value["right"], path + ".right", depth + 1);
    if (error) return 0;
    const std::size_t left = join.left->output.size(), right = join.right->output.size();
    join.left_keys = read_ints(value["leftKeys"], left, path + ".leftKeys");
    join.right_keys = read_ints(value["rightKeys"], right, path + ".rightKeys");
    if (join.left_keys.size() != join.right_keys.size()) fail(path, "has keys of unequal number");
    if (value.find("residual") != nullptr) {
      join.residual = read_expression(value["residual"], left + right, path + ".residual");
    }
    node.node = std::move(join);
    return left + right;
  }

  std::size_t read_group(const json::Value& value, const std::string& path, int depth, Node& node) {
    GroupBy group;
    group.input = read_node(value["input"], path + ".input", depth + 1);
    if (error) return 0;
    const std::size_t width = group.input->output.size();
    group.group = read_ints(value["group"], width, path + ".group");
    if (!value["aggregates"].is_array()) {
      fail(path + ".aggregates", "must be a list");
      return 0;
    }
    for (const json::Value& item : value["aggregates"].as_array()) {
      group.aggregates.push_back(read_aggregate(item, width, path + ".aggregates"));
    }
    const std::size_t out = group.group.size() + group.aggregates.size();
    node.node = std::move(group);
    return out;
  }

  AggregateCall read_aggregate(const json::Value& value, std::size_t width, const std::string& path) {
    AggregateCall call;
    const std::string name = value.string_or("function");
    bool known = name == "count(*)";
    using enum Aggregate;
    for (Aggregate function : {kCount, kSum, kMin, kMax, kAvg}) {
      if (to_string(function) != name) continue;
      call.function = function;
      known = true;
    }
    if (!known) fail(path, "names an aggregate that is not known: '" + name + "'");
    const std::int64_t argument = value.int_or("argument", -1);
    if (argument >= static_cast<std::int64_t>(width) || (argument < 0) != (name == "count(*)")) {
      fail(path, "has an argument that does not exist");
    }
    call.argument = static_cast<int>(argument);
    auto type = type_from_json(value["type"]);
    if (type) {
      call.type = *std::move(type);
    } else {
      fail(path, type.error().message);
    }
    return call;
  }

  SourceUse read_source(const json::Value& value, const std::string& path) {
    SourceUse use;
    use.dataset_namespace = value.string_or("namespace");
    use.dataset = value.string_or("dataset");
    const std::string kind = value.string_or("kind");
    if (kind != "Event" && kind != "Entity") fail(path + ".kind", "must be Event or Entity");
    use.kind = kind == "Entity" ? SourceUse::Kind::kEntity : SourceUse::Kind::kEvent;
    use.columns = read_fields(value["columns"], path + ".columns");
    use.key = read_ints(value["key"], use.columns.size(), path + ".key");
    use.windowed = value.bool_or("windowed");
    if (value["minTimestampMs"].is_int()) use.min_timestamp_ms = value["minTimestampMs"].as_int();
    if (const json::Value* column = value.find("eventTime")) {
      const auto columns = read_ints(json::Array{*column}, use.columns.size(), path + ".eventTime");
      if (!columns.empty()) use.event_time = columns[0];
    }
    if (value["classified"].is_array()) {
      for (const json::Value& item : value["classified"].as_array()) {
        if (!item.is_string()) fail(path + ".classified", "must be a list of paths");
        if (item.is_string()) use.classified.push_back(item.as_string());
      }
    }
    return use;
  }

  Identity read_identity(const json::Value& value, std::size_t width) {
    Identity identity;
    const std::string kind = value.string_or("kind");
    if (kind == "ProvedKey") {
      identity.kind = Identity::Kind::kProvedKey;
    } else if (kind == "WatchedKey") {
      identity.kind = Identity::Kind::kWatchedKey;
    } else if (kind == "Position") {
      identity.kind = Identity::Kind::kPosition;
    } else if (kind == "Bag") {
      identity.kind = Identity::Kind::kBag;
    } else {
      fail("plan.identity.kind", "is not known: '" + kind + "'");
    }
    identity.key = read_ints(value["key"], width, "plan.identity.key");
    return identity;
  }
};

std::string_view identity_name(Identity::Kind kind) {
  switch (kind) {
    case Identity::Kind::kProvedKey:
      return "ProvedKey";
    case Identity::Kind::kWatchedKey:
      return "WatchedKey";
    case Identity::Kind::kPosition:
      return "Position";
    case Identity::Kind::kBag:
      return "Bag";
  }
  return "";
}

}  // namespace

base::Error bad_plan(std::string_view path, std::string_view what) {
  base::Error error = base::terminal("BadPlan", fmt::format("{} {}", path, what));
  error.location.field = std::string(path);
  return error;
}

json::Value to_json(const Plan& plan) {
  json::Value out = json::Value::object();
  json::Value sources = json::Value::array();
  for (const SourceUse& use : plan.sources) {
    json::Value item = json::Value::object();
    item.set("namespace", use.dataset_namespace);
    item.set("dataset", use.dataset);
    item.set("kind", use.kind == SourceUse::Kind::kEntity ? "Entity" : "Event");
    item.set("columns", write_fields(use.columns));
    item.set("key", ints(use.key));
    item.set("windowed", use.windowed);
    if (use.min_timestamp_ms) item.set("minTimestampMs", *use.min_timestamp_ms);
    if (use.event_time) item.set("eventTime", *use.event_time);
    if (!use.classified.empty()) {
      json::Value paths = json::Value::array();
      for (const std::string& path : use.classified) paths.push_back(path);
      item.set("classified", std::move(paths));
    }
    sources.push_back(std::move(item));
  }
  out.set("sources", std::move(sources));
  json::Value identity = json::Value::object();
  identity.set("kind", identity_name(plan.identity.kind));
  identity.set("key", ints(plan.identity.key));
  out.set("identity", std::move(identity));
  out.set("stateless", plan.stateless);
  out.set("root", plan.root ? write_node(*plan.root) : json::Value());
  return out;
}

base::Result<Plan> plan_from_json(const json::Value& value) {
  Reader reader;
  Plan plan;
  if (!value["sources"].is_array()) return bad_plan("plan.sources", "must be a list");
  for (const json::Value& item : value["sources"].as_array()) {
    plan.sources.push_back(reader.read_source(item, fmt::format("plan.sources[{}]", plan.sources.size())));
    reader.source_columns.push_back(plan.sources.back().columns.size());
  }
  reader.sources = plan.sources.size();
  plan.root = reader.read_node(value["root"], "plan.root", 0);
  if (plan.root) plan.identity = reader.read_identity(value["identity"], plan.root->output.size());
  plan.stateless = value.bool_or("stateless");
  if (reader.error) return *std::move(reader.error);
  return plan;
}

}  // namespace offtake::plan
