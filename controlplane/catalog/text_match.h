// How well words fit texts, and where. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offtake::catalog {

// The best place of a word in a folded text; 0: it is not there.
//   4  it is all of the text     3  it is a word of it     2  a word begins with it     1  it is within a
//   word
// Of one or two letters only where a word begins.
int fit(std::string_view folded, std::string_view word);

// Every place of the words (or their stems) in a folded text, in bytes; ascending, joined where they touch.
std::vector<std::pair<std::size_t, std::size_t>> places(std::string_view folded,
                                                        const std::vector<std::string>& words);

// A text cut to about 160 bytes around its first place, with … where something was left out; the places
// become UTF-16 code units of what is left. Line ends become spaces.
struct Snippet {
  std::string text;
  std::vector<std::pair<int, int>> ranges;
};
Snippet snippet(std::string_view text, const std::vector<std::pair<std::size_t, std::size_t>>& places);

}  // namespace offtake::catalog
