#include "operators/expressions/kernel.h"

namespace offtake::expressions {
namespace {

KernelTable make_table() {
  KernelTable table;
  add_arithmetic(table);
  add_numeric(table);
  add_comparison(table);
  add_text(table);
  add_like(table);
  add_time(table);
  add_time_arithmetic(table);
  return table;
}

}  // namespace

Kernel find_kernel(std::string_view name, const std::vector<types::TypeId>& arguments) {
  static const KernelTable table = make_table();
  return table.find(name, arguments);
}

void set_nulls(const Invocation& call, types::ColumnBuilder& builder) {
  const std::size_t size = call.size();
  for (const Operand& argument : call.arguments) {
    if (!argument.may_have_nulls()) continue;
    if (argument.constant) {
      if (!argument.is_null(0)) continue;
      for (std::size_t row = 0; row < size; ++row) builder.set_null(row);
      return;
    }
    const auto validity = argument.column->validity();
    for (std::size_t word = 0; word < validity.size(); ++word) {
      const std::size_t base = word * 64;
      const std::size_t left = size - base;
      std::uint64_t nulls = ~validity[word];
      if (left < 64) nulls &= (std::uint64_t{1} << left) - 1;
      for (; nulls != 0; nulls &= nulls - 1) {
        builder.set_null(base + static_cast<std::size_t>(__builtin_ctzll(nulls)));
      }
    }
  }
}

void keep_alive(const Invocation& call, types::ColumnBuilder& builder) {
  for (const Operand& argument : call.arguments) {
    for (const auto& arena : argument.column->arenas()) builder.keep_alive(arena);
  }
}

}  // namespace offtake::expressions
