// The SQL as the user wrote it, and errors at places in it. Internal to this folder.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace offtake::sql {

struct Token {
  enum class Kind { kWord, kQuotedWord, kString, kNumber, kSymbol } kind = Kind::kSymbol;
  int begin = 0, end = 0;  // bytes
};

class SourceText {
 public:
  // Refuses what is larger than 1 MiB, 50,000 tokens or 500 brackets deep, and text with a NUL byte.
  static base::Result<SourceText> scan(std::string_view sql, std::string_view field);

  const std::string& text() const { return text_; }
  const std::string& field() const { return field_; }
  const std::vector<Token>& tokens() const { return tokens_; }
  std::string_view text_of(const Token& token) const;

  base::Location locate(int byte) const;  // below 0: the field as a whole
  std::string place(int byte) const;      // "spec.sql:4:12"
  base::Error error(std::string code, std::string message, int byte) const;
  // The byte of the `count`th character, from 0.
  int byte_of_character(int count) const;
  // The first place of that word outside of strings and comments, or -1. `word` in lower case.
  int find_word(std::string_view word) const;
  // Index of the token at or after `byte`; tokens().size() when there is none.
  std::size_t token_at(int byte) const;

 private:
  std::string text_, field_;
  std::vector<Token> tokens_;
};

std::string lower_ascii(std::string_view text);

}  // namespace offtake::sql
