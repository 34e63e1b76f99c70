// Text: concatenation, case, length, substring, trimming. Positions and lengths are in characters; case is
// ASCII's, as in PostgreSQL with collation C.
#include <cstdint>
#include <optional>

#include "operators/expressions/kernel.h"
#include "operators/expressions/utf8.h"

namespace offtake::expressions {
namespace {

using types::TypeId;

types::ColumnPtr concatenate(const Invocation& call) {
  std::string text;
  return map_texts(call, [&](std::size_t row) -> std::optional<std::string_view> {
    text.assign(call.arguments[0].text(row));
    text.append(call.arguments[1].text(row));
    return text;
  });
}

template <char first, char last, char to>
types::ColumnPtr change_case(const Invocation& call) {
  std::string text;
  return map_texts(call, [&](std::size_t row) -> std::optional<std::string_view> {
    text.assign(call.arguments[0].text(row));
    for (char& c : text) {
      if (c >= first && c <= last) c = static_cast<char>(c - first + to);
    }
    return text;
  });
}

types::ColumnPtr length_of_text(const Invocation& call) {
  return map_rows<std::int32_t>(call, [&](std::size_t row) {
    return static_cast<std::int32_t>(count_characters(call.arguments[0].text(row)));
  });
}

types::ColumnPtr length_of_bytes(const Invocation& call) {
  return map_rows<std::int32_t>(
      call, [&](std::size_t row) { return static_cast<std::int32_t>(call.arguments[0].text(row).size()); });
}

// Characters [begin, end), counted from 1.
std::string_view cut(std::string_view text, std::int64_t begin, std::int64_t end) {
  std::int64_t position = 1;
  while (!text.empty() && position < begin) {
    take_character(text);
    ++position;
  }
  std::string_view rest = text;
  while (!rest.empty() && position < end) {
    take_character(rest);
    ++position;
  }
  return text.substr(0, text.size() - rest.size());
}

types::ColumnPtr substring(const Invocation& call) {
  const Operand& from = call.arguments[1];
  const auto* starts = from.values<std::int32_t>();
  return map_shared_texts(call, [&](std::size_t row) -> std::optional<std::string_view> {
    const std::int64_t start = starts[from.at(row)];
    std::int64_t end = INT64_MAX;
    if (call.arguments.size() > 2) {
      const Operand& counts = call.arguments[2];
      const std::int64_t count = counts.values<std::int32_t>()[counts.at(row)];
      if (count < 0) {
        call.fail(row, "negative substring length not allowed");
        return std::nullopt;
      }
      end = start + count;
    }
    return cut(call.arguments[0].text(row), start, end);
  });
}

bool has_character(std::string_view set, std::string_view character) {
  while (!set.empty()) {
    if (take_character(set) == character) return true;
  }
  return false;
}

std::string_view last_character(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && !starts_character(text[begin])) --begin;
  return text.substr(begin);
}

template <bool left, bool right>
types::ColumnPtr trim(const Invocation& call) {
  return map_shared_texts(call, [&](std::size_t row) -> std::optional<std::string_view> {
    std::string_view text = call.arguments[0].text(row);
    const std::string_view set = call.arguments.size() > 1 ? call.arguments[1].text(row) : " ";
    if constexpr (left) {
      while (!text.empty()) {
        std::string_view rest = text;
        if (!has_character(set, take_character(rest))) break;
        text = rest;
      }
    }
    if constexpr (right) {
      while (!text.empty()) {
        const std::string_view last = last_character(text);
        if (!has_character(set, last)) break;
        text.remove_suffix(last.size());
      }
    }
    return text;
  });
}

template <bool left, bool right>
void add_trim(KernelTable& table, std::string_view name) {
  table.add(name, {TypeId::kText}, trim<left, right>);
  table.add(name, {TypeId::kText, TypeId::kText}, trim<left, right>);
}

}  // namespace

void add_text(KernelTable& table) {
  using enum TypeId;
  table.add("||", {kText, kText}, concatenate);
  table.add("||", {kBytea, kBytea}, concatenate);
  table.add("lower", {kText}, change_case<'A', 'Z', 'a'>);
  table.add("upper", {kText}, change_case<'a', 'z', 'A'>);
  table.add("length", {kText}, length_of_text);
  table.add("length", {kBytea}, length_of_bytes);
  table.add("substring", {kText, kInt4}, substring);
  table.add("substring", {kText, kInt4, kInt4}, substring);
  add_trim<true, true>(table, "btrim");
  add_trim<true, false>(table, "ltrim");
  add_trim<false, true>(table, "rtrim");
}

}  // namespace offtake::expressions
