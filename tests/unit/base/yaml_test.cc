#include <doctest/doctest.h>

#include "base/yaml/node.h"

using namespace offtake;

namespace {
yaml::Node root_of(std::string_view text) {
  auto documents = yaml::parse(text);
  REQUIRE_MESSAGE(documents.ok(), documents.error().text());
  REQUIRE(documents->size() == 1);
  return std::move(documents->front().root);
}
std::string refusal(std::string_view text) {
  const auto documents = yaml::parse(text, "f.yaml");
  REQUIRE_FALSE(documents.ok());
  CHECK(documents.error().code == "BadYaml");
  return documents.error().text();
}
}  // namespace

TEST_CASE("positions of keys and values") {
  const yaml::Node root = root_of(
      "# comment\n"
      "spec:\n"
      "  sql: |\n"
      "    SELECT a,\n"
      "      é, b\n"
      "    FROM t\n"
      "  columns:\n"
      "  - path: x\n"
      "    note: \"q\"\n"
      "  - {path: y}\n"
      "  labels: {a/b: c}\n"
      "  empty:\n"
      "  tagged: &anchor  plain text\n"
      "  same: *anchor\n");
  auto positions = yaml::field_positions(root);
  CHECK(positions["spec"].key == yaml::Position{2, 1});
  CHECK(positions["spec"].value == yaml::Position{3, 3});
  CHECK(positions["spec.sql"].key == yaml::Position{3, 3});
  CHECK(positions["spec.sql"].value == yaml::Position{3, 8});
  CHECK(positions["spec.columns[0].path"].value == yaml::Position{8, 11});
  CHECK(positions["spec.columns[1]"].value == yaml::Position{10, 5});
  CHECK(positions["spec.columns[1].path"].key == yaml::Position{10, 6});
  CHECK(positions["spec.labels[\"a/b\"]"].value == yaml::Position{11, 17});
  CHECK(positions.contains("spec.empty"));
  const yaml::Node& spec = *root.find("spec");
  CHECK(spec.find("empty")->is_null());

  const yaml::Node& sql = *spec.find("sql");
  CHECK(sql.style == yaml::Style::kLiteral);
  CHECK(sql.text == "SELECT a,\n  é, b\nFROM t\n");
  CHECK(sql.position_in_text(1, 1) == yaml::Position{4, 5});
  CHECK(sql.position_in_text(2, 6) == yaml::Position{5, 10});
  CHECK(sql.position_in_text(3, 6) == yaml::Position{6, 10});
  CHECK(spec.find("same")->text == "plain text");
  CHECK(spec.find("tagged")->position_in_text(1, 7) == yaml::Position{13, 26});
  CHECK(spec.find("columns")->items[0].find("note")->position_in_text(1, 1) == yaml::Position{9, 12});

  CHECK(&yaml::find_nearest(root, "spec.columns[0].path") == spec.find("columns")->items[0].find("path"));
  CHECK(&yaml::find_nearest(root, "spec.columns[1].missing") == &spec.find("columns")->items[1]);
  CHECK(&yaml::find_nearest(root, "spec.labels[\"a/b\"]") == spec.find("labels")->find("a/b"));
  CHECK(&yaml::find_nearest(root, "nothing") == &root);
}

TEST_CASE("literal blocks keep exact places whatever their header") {
  for (const char* header : {"|", "|-", "|+", "| # comment", "|2", "&x |", "!!str |-"}) {
    CAPTURE(header);
    const yaml::Node root = root_of(std::string("a: ") + header + "\n\n  SELECT 1\n   FROM t\n");
    CHECK(root.find("a")->style == yaml::Style::kLiteral);
    CHECK(root.find("a")->position_in_text(2, 1) == yaml::Position{3, 3});
    CHECK(root.find("a")->position_in_text(3, 2) == yaml::Position{4, 4});
  }
  const yaml::Node windows = root_of("a: |\r\n  one\r\n  two\r\nb: 1\r\n");
  CHECK(windows.find("a")->position_in_text(2, 1) == yaml::Position{3, 3});
  CHECK(yaml::field_positions(windows)["b"].value == yaml::Position{4, 4});
  const yaml::Node in_list = root_of("- |\n one\n two\n");
  CHECK(in_list.items[0].position_in_text(2, 2) == yaml::Position{3, 3});
  const yaml::Node with_mark = root_of(
      "\xEF\xBB\xBF"
      "a: b\n");
  CHECK(with_mark.find("a")->position == yaml::Position{1, 4});
}

TEST_CASE("folded and escaped scalars are placed by their start") {
  const yaml::Node root = root_of("f: >\n  one\n  two\nq: \"a\\tb\"\np: one\n  two\n");
  CHECK(root.find("f")->style == yaml::Style::kFolded);
  CHECK(root.find("f")->position_in_text(1, 5) == yaml::Position{1, 4});
  CHECK(root.find("q")->position_in_text(1, 3) == yaml::Position{4, 4});
  CHECK(root.find("p")->text == "one two");
  CHECK_FALSE(root.find("p")->text_exact);
}

TEST_CASE("scalars keep their text; the core rules type them only on request") {
  const yaml::Node root = root_of(
      "[null, ~, Null, 'null', yes, true, TRUE, 'true', 12, 012, 0x1F, 0o17, +5, -3, 1.50, 1e3, .5, .inf, "
      "12345678901234567890, \"12\", 1_000, 2026-11-23, !!str 7, NO]");
  CHECK(root.items[0].text == "null");
  CHECK(root.items[1].text == "~");
  CHECK(root.items[2].text == "Null");
  CHECK(root.items[14].text == "1.50");
  CHECK(root.items[0].is_null());
  CHECK_FALSE(root.items[3].is_null());
  CHECK(json::dump(yaml::to_json(root)) ==
        R"([null,null,null,"null","yes",true,true,"true",12,12,31,15,5,-3,1.5,1000.0,0.5,".inf",)"
        R"(12345678901234567168.0,"12","1_000","2026-11-23","7","NO"])");
}

TEST_CASE("several documents; empty ones do not count") {
  const auto documents = yaml::parse("---\n# nothing\n---\na: 1\n---\nb: 2\n...\n---\n");
  REQUIRE(documents.ok());
  REQUIRE(documents->size() == 2);
  CHECK(documents->at(1).root.find("b")->position.line == 6);
  CHECK(yaml::parse("")->empty());
  CHECK(yaml::parse("# only a comment\n")->empty());
}

TEST_CASE("refused") {
  CHECK(refusal("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n") ==
        "f.yaml:5:3: the key 'c' appears twice in this map, first in line 3; remove one of them");
  CHECK(refusal("a: 1\n'a': 2\n").find("2:1: the key 'a' appears twice") != std::string::npos);
  CHECK(refusal("a: [1, 2\nb: 3\n").find("this is no YAML") != std::string::npos);
  CHECK(refusal("a: b: c\n").starts_with("f.yaml:1:5: this is no YAML"));
  CHECK(refusal("base: &b {x: 1}\na:\n  <<: *b\n").find("3:3: merge keys (<<) are not supported") !=
        std::string::npos);
  CHECK(refusal("a: !!binary aGk=\n").find("the tag tag:yaml.org,2002:binary is not supported") !=
        std::string::npos);
  CHECK(refusal("[a]: 1\n").find("a key must be a text") != std::string::npos);
  CHECK(refusal("a: &x\n  b: *x\n").find("the alias stands inside") != std::string::npos);
  CHECK(refusal("a: *nowhere\n").find("this is no YAML") != std::string::npos);
  CHECK(refusal(std::string("a: b\0c", 6)).find("1:5: the text contains a NUL") != std::string::npos);
}

TEST_CASE("limits") {
  std::string aliases = "x: &x 1\n";
  for (int i = 0; i < 101; ++i) aliases += fmt::format("k{}: *x\n", i);
  CHECK(refusal(aliases).find("more than 100 aliases") != std::string::npos);

  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb +=
        fmt::format("a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  }
  CHECK(refusal(bomb).find("unfold to more than") != std::string::npos);

  CHECK(yaml::parse(std::string(64, '[') + std::string(64, ']')).ok());
  CHECK(refusal(std::string(65, '[') + std::string(65, ']')).find("deeper than 64") != std::string::npos);
  CHECK(refusal(std::string(100000, '[') + std::string(100000, ']')).find("deeper than 64") !=
        std::string::npos);

  std::string large;
  while (large.size() <= (1 << 20)) large += fmt::format("key{}: value\n", large.size());
  CHECK(refusal(large).find("larger than 1048576 bytes") != std::string::npos);
  std::string two = "---\na: " + std::string(900'000, 'x') + "\n";
  CHECK(yaml::parse(two + two)->size() == 2);
}

TEST_CASE("what is written reads the same") {
  const auto value = json::parse(R"({
    "plain":"text","n":1,"d":1.0,"b":true,"nothing":null,"empty":"","list":["a",["b","c"],{"k":"v","l":[]},{}],
    "yes":"yes","number":"12","date":"2026-11-23","null":"null","colon":"a: b","hash":"a #b","dash":"- a",
    "lead":" a","trail":"a ","block":"SELECT 1\n  FROM t\n","strip":"a\n\nb","keep":"a\n\n\n","space":" a\nb",
    "tab":"a\tb\nc","star":"*x","percent":"%a","unicode":"é…","ends:":"x:","12":"key","=":"~","break":"\n",
    "nel":"a\u0085b","deep":{"list":[{"sql":"a\nb\n"},["x\ny"]]}, "url":"https://x/y", "inf": "-.INF", "q":"it's"
  })");
  REQUIRE(value.ok());
  const std::string text = yaml::dump(*value);
  const yaml::Node root = root_of(text);
  CHECK_MESSAGE(yaml::to_json(root) == *value, text);
  CHECK(text.find("url: https://x/y\n") != std::string::npos);
  CHECK(text.find("block: |\n  SELECT 1\n    FROM t\n") != std::string::npos);
  CHECK(text.find("list:\n- a\n- - b\n  - c\n- k: v\n  l: []\n- {}\n") != std::string::npos);
  CHECK(text.find("\"yes\": \"yes\"\n") != std::string::npos);
  for (const char* scalar : {"3", "\"x\"", "[]", "{}", "\"a\\nb\"", "[1,2]"}) {
    CHECK(json::dump(yaml::to_json(root_of(yaml::dump(*json::parse(scalar))))) == scalar);
  }
}
