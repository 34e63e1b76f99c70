// Texts as they are searched: letters of one case, as many bytes as before. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace offtake::catalog {

// ASCII and Latin-1 letters become small ones; everything else stays.
std::string fold(std::string_view text);
// Whether a byte belongs to a word: letters, digits and all of UTF-8 beyond ASCII. '_' and '-' end words.
bool is_word_byte(char byte);

// The words of a query, folded, each once: at most 12 of at most 64 bytes.
std::vector<std::string> words_of(std::string_view query);
// Without its plural's s, where that leaves three letters.
std::string_view stem(std::string_view word);

// How many UTF-16 code units the text has.
int utf16_length(std::string_view text);

}  // namespace offtake::catalog
