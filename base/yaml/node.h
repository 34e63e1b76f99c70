// YAML documents as they were written: every scalar keeps its text, how it was written and where it stands,
// so that the schema gives it its type and an error can point at it. Plain data; no thread safety.
//
// Refused (code BadYaml, with line and column): bad syntax, duplicate keys, keys that are no scalars, merge
// keys (<<), tags of other types, more than 100 aliases (or aliases that unfold to over 100,000 values),
// depth over 64, documents over 1 MiB.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "base/result.h"

namespace offtake::yaml {

// Both start at 1; the column counts characters (code points). 0: unknown.
struct Position {
  int line = 0;
  int column = 0;
  bool operator==(const Position&) const = default;
};

enum class Kind { kScalar, kList, kMap };
enum class Style { kPlain, kQuoted, kLiteral, kFolded };

struct Member;

struct Node {
  Kind kind = Kind::kScalar;
  Style style = Style::kPlain;  // of a scalar
  std::string text;             // of a scalar: quotes and escapes resolved; plain: exactly what stands there
  Position position;            // where the value starts; of a value left out: where it would stand
  // Of a scalar: where the first character of the text stands. Exact: every line of the text stands in the
  // file as it is, from this column on (literal blocks; plain and quoted scalars in one line without
  // escapes). Else only `position` can be named.
  Position text_position;
  bool text_exact = false;
  std::vector<Node> items;      // of a list
  std::vector<Member> members;  // of a map, in document order, keys unique

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_plain() const { return is_scalar() && style == Style::kPlain; }
  // A plain scalar that says nothing: left out, ~ or null. (A schema that wants text may take "null" as it
  // is.)
  bool is_null() const;
  const Member* find_member(std::string_view key) const;  // null pointer when absent or when this is no map
  const Node* find(std::string_view key) const;
  // Where line `line`, column `column` (both from 1) of the text of this scalar stands in the file.
  Position position_in_text(int line, int column) const;
};

struct Member {
  std::string key;
  Position key_position;
  Node value;
};

struct Document {
  Node root;
  Position position;
};

// All documents of a text; those with nothing in them are left out. `file` goes into the errors' location.
base::Result<std::vector<Document>> parse(std::string_view text, std::string_view file = "");

// Where each field stands, by path: "spec.columns[0].path"; a key that is no plain name is written in
// brackets: metadata.labels["example.org/team"]. List items have no key position of their own: it is that of
// the value.
struct FieldPosition {
  Position key;
  Position value;
};
std::map<std::string, FieldPosition> field_positions(const Node& root);
// "spec" + "sql" -> "spec.sql", and as above for other keys.
std::string field_path(std::string_view parent, std::string_view key);
std::string field_path(std::string_view parent, std::size_t index);
// The node at such a path, or the deepest one on the way there: an error about a field that is missing
// points at the object that lacks it.
const Node& find_nearest(const Node& root, std::string_view path);

// For text whose schema nobody knows: plain scalars typed by the core rules of YAML 1.2 (null, true, 12,
// 0x1F, 1.5; numbers beyond int64 become doubles; .inf and .nan stay text).
json::Value to_json(const Node& node);

// One document in block style, ending with a line break. Strings are quoted where any reader, also one of
// YAML 1.1, would take them for something else; several lines become a literal block. Doubles as in JSON.
std::string dump(const json::Value& value);

}  // namespace offtake::yaml
