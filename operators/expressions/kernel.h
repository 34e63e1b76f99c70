// Kernels: the inside of a function call over whole columns. A kernel gets as many values an argument as
// there are rows (or one for all of them) and makes the result column. Internal to this folder.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operators/plan/functions.h"
#include "schemas/types/batch.h"

namespace offtake::expressions {

// Rows that raised, by their number in the input batch. The first error of a row stays.
class Failures {
 public:
  explicit Failures(std::size_t rows) : rows_(rows) {}
  void add(std::uint32_t row, std::string message) {
    if (failed_.empty()) failed_.resize(rows_);
    if (failed_[row]) return;
    failed_[row] = 1;
    messages_.emplace_back(row, std::move(message));
  }
  bool any() const { return !messages_.empty(); }
  bool failed(std::uint32_t row) const { return !failed_.empty() && failed_[row] != 0; }
  std::vector<std::pair<std::uint32_t, std::string>>& messages() { return messages_; }

 private:
  std::size_t rows_;
  std::vector<std::uint8_t> failed_;
  std::vector<std::pair<std::uint32_t, std::string>> messages_;
};

// One argument: a value for each row, or a single one that stands for all.
struct Operand {
  types::ColumnPtr column;
  bool constant = false;

  std::size_t at(std::size_t row) const { return constant ? 0 : row; }
  bool may_have_nulls() const { return column->may_have_nulls(); }
  bool is_null(std::size_t row) const { return column->is_null(at(row)); }
  std::string_view text(std::size_t row) const { return column->text(at(row)); }
  template <class T>
  const T* values() const {
    return column->values<T>().data();
  }
};

struct Invocation {
  std::span<const Operand> arguments;
  std::span<const std::uint32_t> rows;  // for each value, the row of the input batch
  const types::Type& result;
  Failures& failures;

  std::size_t size() const { return rows.size(); }
  bool any_null(std::size_t row) const {
    for (const Operand& argument : arguments) {
      if (argument.is_null(row)) return true;
    }
    return false;
  }
  void fail(std::size_t row, std::string message) const { failures.add(rows[row], std::move(message)); }
};

using Kernel = types::ColumnPtr (*)(const Invocation&);

// Kernels by name and argument types; each family adds its own.
class KernelTable {
 public:
  void add(std::string_view name, std::vector<types::TypeId> arguments, Kernel kernel) {
    kernels_[{std::string(name), std::move(arguments)}] = kernel;
  }
  Kernel find(std::string_view name, const std::vector<types::TypeId>& arguments) const {
    const auto found = kernels_.find({std::string(name), arguments});
    return found == kernels_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::pair<std::string, std::vector<types::TypeId>>, Kernel> kernels_;
};

void add_arithmetic(KernelTable& table);
void add_numeric(KernelTable& table);
void add_comparison(KernelTable& table);
void add_text(KernelTable& table);
void add_like(KernelTable& table);
void add_time(KernelTable& table);
void add_extract(KernelTable& table);
void add_time_arithmetic(KernelTable& table);

// Null when there is none.
Kernel find_kernel(std::string_view name, const std::vector<types::TypeId>& arguments);
Kernel find_cast(const types::Type& from, const types::Type& to);

// The frame of a strict kernel over values of fixed width: every row is computed (a NULL's value is zero),
// then NULLs of any argument are set. `compute(row)` gives the value; it may fail the row, where it is asked
// only if no argument is NULL there.
void set_nulls(const Invocation& call, types::ColumnBuilder& builder);
void keep_alive(const Invocation& call, types::ColumnBuilder& builder);  // of digits or text that are shared

template <class T, class Compute>
types::ColumnPtr map_rows(const Invocation& call, Compute compute) {
  types::ColumnBuilder builder(call.result);
  const std::size_t size = call.size();
  T* out = builder.grow<T>(size);
  for (std::size_t row = 0; row < size; ++row) out[row] = compute(row);
  set_nulls(call, builder);
  return builder.finish();
}

// For kernels that are slow or fail: `compute(row, value)` is called only where no argument is NULL; false
// means that the row failed (and was reported).
template <class T, class Compute>
types::ColumnPtr map_valid_rows(const Invocation& call, Compute compute) {
  types::ColumnBuilder builder(call.result);
  builder.reserve(call.size());
  for (std::size_t row = 0; row < call.size(); ++row) {
    T value{};
    if (call.any_null(row) || !compute(builder, row, value)) {
      builder.append_null();
    } else {
      builder.append<T>(value);
    }
  }
  return builder.finish();
}

// The same for text results, which `compute(row)` returns or nullopt for a row that failed.
template <class Compute>
types::ColumnPtr map_texts(const Invocation& call, Compute compute) {
  types::ColumnBuilder builder(call.result);
  builder.reserve(call.size());
  for (std::size_t row = 0; row < call.size(); ++row) {
    if (call.any_null(row)) {
      builder.append_null();
    } else if (auto text = compute(row)) {
      builder.append_text(*text);
    } else {
      builder.append_null();
    }
  }
  return builder.finish();
}

// As map_texts, where the result is a part of an argument: no bytes are copied.
template <class Compute>
types::ColumnPtr map_shared_texts(const Invocation& call, Compute compute) {
  types::ColumnBuilder builder(call.result);
  builder.reserve(call.size());
  for (std::size_t row = 0; row < call.size(); ++row) {
    if (call.any_null(row)) {
      builder.append_null();
    } else if (auto text = compute(row)) {
      // Short text lies within the argument's column and not in its arena.
      if (text->size() <= types::StringRef::kInline) {
        builder.append_text(*text);
      } else {
        builder.append_shared(*text);
      }
    } else {
      builder.append_null();
    }
  }
  keep_alive(call, builder);
  return builder.finish();
}

}  // namespace offtake::expressions
