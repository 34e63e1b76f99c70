#include <array>
#include <functional>

#include "controlplane/sql/form/form_json.h"

namespace offtake::sql::form {
namespace {

base::Error bad(std::string message) {
  return base::terminal("BadRequest", std::move(message));
}

// Reads the members of one edit; the first that is wrong is remembered.
class Members {
 public:
  explicit Members(const json::Value& value) : value_(value) {}

  bool has(std::string_view name) const { return value_.find(name) != nullptr && !value_[name].is_null(); }

  std::string text(std::string_view name) {
    if (!value_[name].is_string()) fail(fmt::format("edit.{} must be a text", name));
    return value_.string_or(name);
  }
  std::optional<std::string> optional_text(std::string_view name) {
    if (!has(name)) return std::nullopt;
    return text(name);
  }
  int index(std::string_view name) {
    if (!value_[name].is_int() || value_[name].as_int() < 0 || value_[name].as_int() > 1'000'000) {
      fail(fmt::format("edit.{} must be a number from 0", name));
      return 0;
    }
    return static_cast<int>(value_[name].as_int());
  }
  const json::Array& list(std::string_view name) {
    static const json::Array kNone;
    if (value_[name].is_array()) return value_[name].as_array();
    fail(fmt::format("edit.{} must be a list", name));
    return kNone;
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    for (const json::Value& item : list(name)) out.push_back(scalar(item, name));
    return out;
  }
  // Numbers and booleans may be sent as such.
  std::string scalar(const json::Value& value, std::string_view name) {
    if (value.is_string()) return value.as_string();
    if (value.is_bool()) return value.as_bool() ? "true" : "false";
    if (value.is_number()) return json::dump(value);
    fail(fmt::format("edit.{} holds something that is no value", name));
    return "";
  }
  Source source(const json::Value& value, std::string_view name) {
    if (!value["dataset"].is_string() || !value["column"].is_string()) {
      fail(fmt::format("edit.{} must be {{\"dataset\": …, \"column\": …}}", name));
    }
    return {value.string_or("dataset"), value.string_or("column")};
  }
  std::optional<Source> optional_source(std::string_view name) {
    if (!has(name)) return std::nullopt;
    return source(value_[name], name);
  }
  JoinType join_type(const json::Value& value) {
    const std::string text = value.is_string() ? value.as_string() : "";
    if (text != "Inner" && text != "Left") fail("a join's type is Inner or Left");
    return text == "Left" ? JoinType::kLeft : JoinType::kInner;
  }
  std::vector<Pair> pairs(const json::Value& value) {
    std::vector<Pair> out;
    if (!value.is_array()) fail("a join's pairs must be a list");
    if (!value.is_array()) return out;
    for (const json::Value& item : value.as_array()) {
      if (!item["column"].is_string()) fail("each of a join's pairs must have left and column");
      out.push_back({source(item["left"], "pairs.left"), item.string_or("column")});
    }
    return out;
  }
  Condition condition() {
    Condition out;
    if (has("expression")) {
      out.expression = text("expression");
      return out;
    }
    Predicate predicate;
    predicate.source = source(value_["source"], "source");
    const auto op = operator_of(text("operator"));
    if (!op) fail(fmt::format("edit.operator {} is none that there is", value_.string_or("operator")));
    predicate.op = op.value_or(Operator::kEqual);
    if (has("values")) predicate.values = texts("values");
    out.predicate = std::move(predicate);
    return out;
  }
  const json::Value& operator[](std::string_view name) const { return value_[name]; }

  void fail(std::string message) {
    if (!error_) error_ = bad(std::move(message));
  }
  const std::optional<base::Error>& error() const { return error_; }

 private:
  const json::Value& value_;
  std::optional<base::Error> error_;
};

Edit add_dataset(Members& in) {
  AddDataset out;
  out.id = {in.has("namespace") ? in.text("namespace") : "", in.text("name")};
  out.alias = in.optional_text("alias");
  if (in.has("join")) out.join = JoinSpec{in.join_type(in["join"]["type"]), in.pairs(in["join"]["pairs"])};
  return out;
}

Edit set_join(Members& in) {
  SetJoin out{in.text("dataset"), {}, {}};
  if (in.has("type")) out.type = in.join_type(in["type"]);
  if (in.has("pairs")) out.pairs = in.pairs(in["pairs"]);
  return out;
}

Edit add_column(Members& in) {
  AddColumn out;
  out.name = in.optional_text("name");
  if (in.has("position")) out.position = in.index("position");
  if (in.has("expression")) {
    out.expression = in.text("expression");
    return out;
  }
  out.dataset = in.text("dataset");
  out.columns = in.has("columns") ? in.texts("columns") : std::vector<std::string>{in.text("column")};
  if (out.columns.empty()) in.fail("edit.columns is empty");
  return out;
}

Edit remove_column(Members& in) {
  if (!in.has("column")) return RemoveColumn{in.index("index"), {}};
  return RemoveColumn{0, Source{in.text("dataset"), in.text("column")}};
}

Edit reorder_columns(Members& in) {
  ReorderColumns out;
  for (const json::Value& item : in.list("order")) {
    if (!item.is_int() || item.as_int() < 0 || item.as_int() > 1'000'000)
      in.fail("edit.order must be a list of numbers from 0");
    out.order.push_back(item.is_int() ? static_cast<int>(item.as_int()) : 0);
  }
  return out;
}

Edit set_group_by(Members& in) {
  SetGroupBy out;
  for (const json::Value& item : in.list("items")) {
    GroupItem group;
    if (item["expression"].is_string()) {
      group.expression = item.string_or("expression");
    } else {
      group.source = in.source(item["source"], "items.source");
    }
    out.items.push_back(std::move(group));
  }
  return out;
}

Edit add_aggregate(Members& in) {
  AddAggregate out;
  out.function = in.text("function");
  out.source = in.optional_source("source");
  out.name = in.optional_text("name");
  out.group = in.has("group") && in["group"].is_bool() && in["group"].as_bool();
  return out;
}

struct Kind {
  std::string_view name;
  Edit (*read)(Members&);
};
const std::array<Kind, 14> kKinds = {{
    {"addDataset", add_dataset},
    {"removeDataset", [](Members& in) -> Edit { return RemoveDataset{in.text("dataset")}; }},
    {"setJoin", set_join},
    {"addColumn", add_column},
    {"setColumn",
     [](Members& in) -> Edit {
       return SetColumn{in.index("index"), in.text("expression")};
     }},
    {"removeColumn", remove_column},
    {"renameColumn",
     [](Members& in) -> Edit {
       return RenameColumn{in.index("index"), in.text("name")};
     }},
    {"reorderColumns", reorder_columns},
    {"expandStar", [](Members& in) -> Edit { return ExpandStar{in.index("index")}; }},
    {"addFilter", [](Members& in) -> Edit { return AddFilter{in.condition()}; }},
    {"setFilter",
     [](Members& in) -> Edit {
       return SetFilter{in.index("index"), in.condition()};
     }},
    {"removeFilter", [](Members& in) -> Edit { return RemoveFilter{in.index("index")}; }},
    {"setGroupBy", set_group_by},
    {"addAggregate", add_aggregate},
}};

}  // namespace

base::Result<Edit> edit_from_json(const json::Value& value) {
  if (!value.is_object()) return bad("edit must be an object");
  Members members(value);
  const std::string name = value.string_or("kind");
  for (const Kind& kind : kKinds) {
    if (kind.name != name) continue;
    Edit edit = kind.read(members);
    if (members.error()) return *members.error();
    return edit;
  }
  std::string known;
  for (const Kind& kind : kKinds) known += (known.empty() ? "" : ", ") + std::string(kind.name);
  return bad(fmt::format("edit.kind \"{}\" is none that there is", name)).with_hint("they are " + known);
}

}  // namespace offtake::sql::form
