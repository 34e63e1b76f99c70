// The adapter of libpg_query.
#include <pg_query.h>
#include <pthread.h>

#include <cstring>
#include <exception>

#include "controlplane/sql/tree.h"

namespace offtake::sql {
namespace {

constexpr std::size_t kStackBytes = 64 << 20;
// A level of an expression takes two or three levels of JSON.
constexpr int kMaxJsonDepth = 2000;

struct Work {
  const std::function<void()>& run;
  std::string failure;
};

void* run(void* argument) {
  auto& work = *static_cast<Work*>(argument);
  try {
    work.run();
  } catch (const std::exception& error) {
    work.failure = error.what();
  }
  return nullptr;
}

// A reserved word where a name may be meant.
std::string quoting_hint(const SourceText& source, int byte) {
  const std::size_t at = source.token_at(byte);
  const auto& tokens = source.tokens();
  if (at >= tokens.size() || tokens[at].kind != Token::Kind::kWord) return "";
  const std::string word(source.text_of(tokens[at]));
  const auto symbol = [&](std::size_t index, std::string_view text) {
    return index < tokens.size() && source.text_of(tokens[index]) == text;
  };
  if (symbol(at + 1, ".") && at + 2 < tokens.size()) {
    return fmt::format("{} is a reserved word: write \"{}\".{}", word, word, source.text_of(tokens[at + 2]));
  }
  if (at > 0 && symbol(at - 1, ".")) {
    return fmt::format("{} is a reserved word: write \"{}\"", word, word);
  }
  const std::string before = at == 0 ? "" : lower_ascii(source.text_of(tokens[at - 1]));
  if (before == "from" || before == "join" || before == "as" || before == "," || before == "select") {
    return fmt::format("if {} is a name, write \"{}\"", word, word);
  }
  return "";
}

base::Error syntax_error(const SourceText& source, const PgQueryError& error) {
  const int byte = error.cursorpos > 0 ? source.byte_of_character(error.cursorpos - 1) : -1;
  const std::string message = error.message == nullptr ? "syntax error" : error.message;
  if (message.rfind("memory exhausted", 0) == 0) {
    return source.error("SqlTooLarge", "the SQL is nested too deep here", byte);
  }
  return source.error("SqlSyntax", message, byte).with_hint(quoting_hint(source, byte));
}

// "InsertStmt" -> "INSERT".
std::string statement_name(std::string_view kind) {
  if (kind.size() > 4 && kind.substr(kind.size() - 4) == "Stmt") kind.remove_suffix(4);
  std::string out;
  for (char c : kind) {
    if (c >= 'A' && c <= 'Z' && !out.empty()) out += ' ';
    out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return out;
}

base::Result<json::Value> only_select(const SourceText& source, const json::Value& tree) {
  const json::Value& statements = tree["stmts"];
  if (!statements.is_array() || statements.as_array().empty()) {
    return source.error("SqlSyntax", "the SQL is empty", -1).with_hint("write a SELECT");
  }
  if (statements.as_array().size() > 1) {
    const int second = static_cast<int>(statements.as_array()[1].int_or("stmt_location", -1));
    const std::size_t token = source.token_at(second);
    return source
        .error("SqlNotSupported", "more than one statement is not supported",
               token < source.tokens().size() ? source.tokens()[token].begin : second)
        .with_hint("write one SELECT");
  }
  const json::Value& statement = statements.as_array().front()["stmt"];
  const Tree node(statement);
  if (node.kind != "SelectStmt") {
    return source
        .error("SqlNotSupported", statement_name(node.kind) + " is not supported",
               source.tokens().empty() ? -1 : source.tokens().front().begin)
        .with_hint("write a SELECT");
  }
  return *node.body;
}

// The parser takes bytes that are no text, and trees of any depth.
base::Error unreadable(const SourceText& source, const base::Error& cause) {
  if (cause.message.find("nested") == std::string::npos) {
    return source.error("SqlSyntax", "the SQL is not valid UTF-8", -1).with_detail(cause.message);
  }
  return source.error("SqlTooLarge", "the SQL is nested too deep", -1)
      .with_detail(cause.message)
      .with_hint("break up long chains of operators, or use IN instead of many ORs");
}

}  // namespace

base::Status on_deep_stack(const std::function<void()>& work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  Work shared{work, {}};
  pthread_t thread;
  const int failed = pthread_create(&thread, &attributes, run, &shared);
  pthread_attr_destroy(&attributes);
  if (failed != 0) {
    return base::transient("NoThread",
                           fmt::format("cannot start a thread to parse SQL: {}", strerror(failed)));
  }
  pthread_join(thread, nullptr);
  if (!shared.failure.empty()) return base::internal(shared.failure);
  return {};
}

base::Result<json::Value> parse_select(const SourceText& source) {
  PgQueryParseResult parsed = pg_query_parse(source.text().c_str());
  base::Result<json::Value> out = json::Value();
  if (parsed.error != nullptr) {
    out = syntax_error(source, *parsed.error);
  } else {
    auto tree = json::parse(parsed.parse_tree, kMaxJsonDepth);
    if (tree) {
      out = only_select(source, *tree);
    } else {
      out = unreadable(source, tree.error());
    }
  }
  pg_query_free_parse_result(parsed);
  return out;
}

}  // namespace offtake::sql
