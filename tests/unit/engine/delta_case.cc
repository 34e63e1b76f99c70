#include "tests/unit/engine/delta_case.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "tests/unit/engine/feeder.h"
#include "tests/unit/engine/oracle.h"
#include "tests/unit/engine/plan_builder.h"

namespace offtake::engine::testing {
namespace {

using Words = std::vector<std::string>;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Words words_of(const std::string& line) {
  std::istringstream in(line);
  Words out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

Words split(const std::string& text, char by) {
  Words out(1);
  for (const char c : text) {
    if (c == by) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  for (std::string& part : out) part = trimmed(part);
  return out;
}

class Case {
 public:
  void run(const DeltaCase& one) {
    for (const std::string& line : one.lines) {
      CAPTURE(line);
      read(line);
    }
    settle();
  }

 private:
  void read(const std::string& line) {
    const Words words = words_of(line);
    if (words[0] == "source") {
      std::string columns;
      for (std::size_t i = 3; i < words.size(); ++i) columns += words[i] + " ";
      source_names_.push_back(words[1]);
      sources_.push_back(words[2] == "entity" ? entity(words[1], columns) : event(words[1], columns));
    } else if (words[0] == "node") {
      nodes_[words[1]] = last_ = node(words);
    } else if (words[0] == "identity") {
      start(words);
    } else if (words[0] == "bulk" || words[0] == "epoch") {
      settle();
      if (words[0] == "epoch") finish_bulk();
    } else if (words[0] == "gives") {
      run_step();
    } else if (words[0] == "+" || words[0] == "-") {
      expected_.insert(words[0] + " " + text(split(line.substr(1), '|')));
    } else if (words[0] == "error" || words[0] == "violation") {
      expected_.insert(words[0] + " " + text(split(line.substr(words[0].size()), '|')));
    } else {
      push(words, line);
    }
  }

  static std::string text(const Words& values) {
    std::string out;
    for (const std::string& value : values) out += (out.empty() ? "" : "|") + value;
    return out;
  }

  int column(const plan::NodePtr& input, const std::string& name) {
    const auto dot = name.find('.');
    int skip =
        dot == std::string::npos ? 0 : std::stoi(name.substr(0, dot));  // "1.id": the second of that name
    const std::string plain = dot == std::string::npos ? name : name.substr(dot + 1);
    for (std::size_t i = 0; i < input->output.size(); ++i) {
      if (input->output[i].name == plain && skip-- == 0) return static_cast<int>(i);
    }
    FAIL("no column " << name);
    return -1;
  }

  plan::ExpressionPtr operand(const plan::NodePtr& input, const std::string& word,
                              const plan::ExpressionPtr& like) {
    if (std::isalpha(static_cast<unsigned char>(word[0])) || word.find(".") == 1) {
      for (const types::Field& field : input->output) {
        if (word == field.name || word.substr(word.find('.') + 1) == field.name)
          return col(input, column(input, word));
      }
    }
    return plan::literal(*types::Datum::parse(like->type, word));
  }

  plan::ExpressionPtr expression(const plan::NodePtr& input, const Words& words) {
    const auto left = col(input, column(input, words[0]));
    return words.size() < 3 ? left : call(words[1], {left, operand(input, words[2], left)});
  }

  plan::NodePtr node(const Words& words) {
    const std::string& kind = words[3];
    if (kind == "scan") {
      for (std::size_t i = 0; i < sources_.size(); ++i) {
        if (source_names_[i] == words[4]) return scan(sources_[i], static_cast<int>(i));
      }
    }
    if (kind == "filter") {
      return filter(nodes_.at(words[4]), expression(nodes_.at(words[4]), {words.begin() + 5, words.end()}));
    }
    if (kind == "project") {
      std::string list;
      for (std::size_t i = 5; i < words.size(); ++i) list += words[i] + " ";
      std::vector<plan::ExpressionPtr> expressions;
      Words names;
      for (const std::string& one : split(list, ',')) {
        expressions.push_back(expression(nodes_.at(words[4]), words_of(one)));
        names.push_back(words_of(one)[0]);
      }
      return project(nodes_.at(words[4]), expressions, names);
    }
    if (kind == "left" || kind == "inner") {
      const auto left = nodes_.at(words[5]);
      const auto right = nodes_.at(words[6]);
      const auto join_kind = kind == "left" ? plan::JoinKind::kLeft : plan::JoinKind::kInner;
      const std::vector<int> left_keys = {column(left, words[8])};
      const std::vector<int> right_keys = {column(right, words[10])};
      const auto plain = join(join_kind, left, right, left_keys, right_keys);
      if (words.size() < 12) return plain;
      return join(join_kind, left, right, left_keys, right_keys,
                  expression(plain, {words.begin() + 12, words.end()}));
    }
    REQUIRE(kind == "group");
    const auto input = nodes_.at(words[4]);
    std::vector<int> by;
    std::vector<AggregateOf> calls;
    for (std::size_t i = 6; i < words.size(); ++i) {
      const auto open = words[i].find('(');
      if (open == std::string::npos) {
        by.push_back(column(input, words[i]));
        continue;
      }
      const std::string name = words[i].substr(0, open);
      const std::string argument = words[i].substr(open + 1, words[i].size() - open - 2);
      using plan::Aggregate;
      const std::map<std::string, Aggregate> names = {{"count", Aggregate::kCount},
                                                      {"sum", Aggregate::kSum},
                                                      {"min", Aggregate::kMin},
                                                      {"max", Aggregate::kMax},
                                                      {"avg", Aggregate::kAvg}};
      if (argument == "*") {
        calls.push_back({Aggregate::kCountAll, -1});
      } else {
        calls.push_back({names.at(name), column(input, argument)});
      }
    }
    return group(input, by, calls);
  }

  void start(const Words& words) {
    using Kind = plan::Identity::Kind;
    const std::map<std::string, Kind> kinds = {{"bag", Kind::kBag},
                                               {"position", Kind::kPosition},
                                               {"key", Kind::kProvedKey},
                                               {"watch", Kind::kWatchedKey}};
    std::vector<int> key;
    for (std::size_t i = 2; i < words.size(); ++i) key.push_back(column(last_, words[i]));
    plan_ = make_plan(last_, sources_, kinds.at(words[1]), key);
    auto made = Dataflow::build(plan_, {});
    REQUIRE(made.ok());
    dataflow_ = std::move(made).value();
    feeder_ = std::make_unique<Feeder>(plan_, 1);
  }

  void push(const Words& words, const std::string& line) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (source_names_[i] != words[0]) continue;
      Record record;
      record.offset = next_offset_++;
      record.timestamp_ms = record.offset;
      std::string rest = trimmed(line.substr(line.find(words[0]) + words[0].size()));
      if (sources_[i].kind == plan::SourceUse::Kind::kEntity) {
        const auto equals = rest.find('=');
        for (const std::string& word : words_of(rest.substr(0, equals))) {
          if (word[0] == 'p') {
            record.partition = std::stoi(word.substr(1));
          } else if (word[0] == 't') {
            record.timestamp_ms = std::stoll(word.substr(1));
          } else {
            record.identity = word;
          }
        }
        rest = trimmed(rest.substr(equals + 1));
        record.tombstone = rest == "tombstone";
      }
      for (const std::string& value : split(rest, '|')) {
        record.values.push_back(value == "NULL" ? std::nullopt : std::optional<std::string>(value));
      }
      feeder_->push(*dataflow_, static_cast<int>(i), {record});
      return;
    }
    FAIL("no source " << words[0]);
  }

  void take(const Changes& changes) {
    const bool keyed = !plan_.identity.key.empty();
    types::Batch hidden;
    hidden.columns = changes.upsert_identity;
    const auto canonical = [](const types::Batch& rows, std::size_t row) {
      std::string out;
      for (const auto& column : rows.columns) types::append_canonical(*column, row, out);
      return out;
    };
    for (std::size_t row = 0; row < changes.deletes.rows; ++row) {
      const auto gone = content_.find(canonical(changes.deletes, row));
      REQUIRE(gone != content_.end());
      got_.insert("- " + gone->second);
      content_.erase(gone);
    }
    for (std::size_t row = 0; row < changes.upserts.rows; ++row) {
      std::string key;
      if (keyed) {
        types::append_canonical_row(changes.upserts, plan_.identity.key, row, key);
      } else {
        key = canonical(hidden, row);
      }
      std::string& place = content_[key];
      if (!place.empty()) got_.insert("- " + place);
      place = text_of(changes.upserts, row);
      got_.insert("+ " + place);
    }
  }

  void finish_bulk() {
    if (!bulk_) return;
    bulk_ = false;
    REQUIRE(dataflow_
                ->finish_bulk([&](Changes&& changes) -> base::Status {
                  take(changes);
                  return {};
                })
                .ok());
    got_.clear();
  }

  void run_step() {
    got_.clear();
    expected_.clear();
    checking_ = true;
    if (bulk_) {
      bulk_ = false;
      if (plan_.identity.kind == plan::Identity::Kind::kPosition) take(*dataflow_->take_stateless());
      REQUIRE(dataflow_
                  ->finish_bulk([&](Changes&& changes) -> base::Status {
                    take(changes);
                    return {};
                  })
                  .ok());
    } else {
      auto changes = dataflow_->step();
      REQUIRE(changes.ok());
      take(*changes);
    }
    for (const ErrorRow& error : dataflow_->error_rows(100))
      got_.insert("error " + error.message + "|" + error.row);
    for (const KeyViolation& violation : dataflow_->key_violations(100))
      got_.insert("violation " + violation.key);
  }

  // Compares what the last step gave with what was listed after it.
  void settle() {
    if (!checking_) return;
    checking_ = false;
    const auto lines = [](const std::multiset<std::string>& rows) {
      std::string out;
      for (const std::string& row : rows) out += row + "\n";
      return out;
    };
    CHECK(lines(got_) == lines(expected_));
  }

  std::vector<plan::SourceUse> sources_;
  Words source_names_;
  std::map<std::string, plan::NodePtr> nodes_;
  plan::NodePtr last_;
  plan::Plan plan_;
  std::unique_ptr<Dataflow> dataflow_;
  std::unique_ptr<Feeder> feeder_;
  std::int64_t next_offset_ = 0;
  bool bulk_ = true;
  bool checking_ = false;
  std::multiset<std::string> got_, expected_;
  std::map<std::string, std::string> content_;  // key or hidden identity -> row
};

}  // namespace

std::vector<DeltaCase> read_delta_file(const std::string& path) {
  std::ifstream in(path);
  std::vector<DeltaCase> out;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    if (line.rfind("case ", 0) == 0) {
      out.push_back({line.substr(5), number, {}});
    } else {
      REQUIRE_FALSE(out.empty());
      out.back().lines.push_back(line);
    }
  }
  return out;
}

void run_delta_case(const DeltaCase& one) {
  Case().run(one);
}

}  // namespace offtake::engine::testing
