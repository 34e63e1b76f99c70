#include "operators/targets/protocol/image.h"

namespace offtake::targets::protocol {
namespace {

constexpr int kSmallDigits = 38;  // that always fit a small coefficient

constexpr std::array<unsigned __int128, kSmallDigits + 1> powers_of_ten() {
  std::array<unsigned __int128, kSmallDigits + 1> out{};
  out[0] = 1;
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = out[i - 1] * 10;
  return out;
}
constexpr auto kPowers = powers_of_ten();

// Whether numeric(precision, scale) holds the value as it is. "No" only means that it has to be looked at.
bool fits_as_it_is(const types::Numeric& value, int precision, int scale) {
  if (value.kind != types::Numeric::Kind::kSmall || value.scale > scale) return false;
  const int digits = precision - scale + value.scale;
  if (digits > kSmallDigits) return true;
  if (digits < 0) return value.coefficient == 0;
  const auto magnitude = value.coefficient < 0 ? -static_cast<unsigned __int128>(value.coefficient)
                                               : static_cast<unsigned __int128>(value.coefficient);
  return magnitude < kPowers[static_cast<std::size_t>(digits)];
}

std::size_t value_bytes(const types::Column& column, std::size_t row) {
  if (column.is_null(row)) return 0;
  if (column.physical() == types::Physical::kString) return column.text(row).size() + 4;
  if (column.physical() == types::Physical::kNumeric) {
    return types::to_string(column.values<types::Numeric>()[row]).size() / 2 + 8;
  }
  return types::width(column.physical());
}

class ColumnwiseImage : public engine::Image {
 public:
  ColumnwiseImage(std::vector<types::Field> columns, std::vector<ColumnStep> steps, KeyLimit key_limit)
      : columns_(std::move(columns)), steps_(std::move(steps)), key_limit_(std::move(key_limit)) {}

  base::Result<types::Batch> apply(const types::Batch& rows, std::vector<Refusal>& refused) const override {
    types::Batch out = rows;
    const std::size_t first = refused.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (steps_[i] == nullptr) continue;
      Refusals of_column;
      auto column = steps_[i](columns_[i], rows.columns[i], of_column);
      if (!column) return std::move(column).error().in(fmt::format("column {}", columns_[i].name));
      out.columns[i] = *std::move(column);
      for (auto& refusal : of_column) {
        refused.push_back({refusal.row, fmt::format("column {}: {}", columns_[i].name, refusal.message)});
      }
    }
    check_keys(rows, refused);
    const auto begin = refused.begin() + static_cast<std::ptrdiff_t>(first);
    std::stable_sort(begin, refused.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
    refused.erase(
        std::unique(begin, refused.end(), [](const auto& a, const auto& b) { return a.row == b.row; }),
        refused.end());
    return out;
  }

 private:
  void check_keys(const types::Batch& rows, std::vector<Refusal>& refused) const {
    if (key_limit_.bytes == 0) return;
    const bool may_be_long =
        std::any_of(key_limit_.columns.begin(), key_limit_.columns.end(), [&](int column) {
          const auto kind = rows.columns[static_cast<std::size_t>(column)]->physical();
          return kind == types::Physical::kString || kind == types::Physical::kNumeric;
        });
    if (!may_be_long) return;
    for (std::size_t row = 0; row < rows.rows; ++row) {
      std::size_t bytes = 0;
      for (const int column : key_limit_.columns) {
        bytes += value_bytes(*rows.columns[static_cast<std::size_t>(column)], row);
      }
      if (bytes > key_limit_.bytes) {
        refused.push_back(
            {static_cast<std::uint32_t>(row), fmt::format(fmt::runtime(key_limit_.refusal), bytes)});
      }
    }
  }

  const std::vector<types::Field> columns_;
  const std::vector<ColumnStep> steps_;
  const KeyLimit key_limit_;
};

}  // namespace

types::ColumnPtr without_refused(const types::ColumnPtr& column, const Refusals& refused) {
  if (refused.empty()) return column;
  types::ColumnBuilder builder(column->type());
  builder.reserve(column->size());
  auto next = refused.begin();
  for (std::size_t row = 0; row < column->size(); ++row) {
    if (next != refused.end() && next->row == row) {
      builder.append_null();
      ++next;
    } else {
      builder.append_from(*column, row);
    }
  }
  return builder.finish();
}

base::Result<types::ColumnPtr> fit_numeric(const types::Field& field, const types::ColumnPtr& column,
                                           Refusals& refused) {
  const int precision = field.type.precision;
  const int scale = field.type.scale;
  if (precision == 0) return column;
  const auto values = column->values<types::Numeric>();
  std::size_t row = 0;
  while (row < values.size() && (column->is_null(row) || fits_as_it_is(values[row], precision, scale))) ++row;
  if (row == values.size()) return column;
  types::ColumnBuilder builder(column->type());
  builder.reserve(values.size());
  for (row = 0; row < values.size(); ++row) {
    if (column->is_null(row) || fits_as_it_is(values[row], precision, scale)) {
      builder.append_from(*column, row);
      continue;
    }
    auto fitted = types::fit(values[row], precision, scale, builder.arena());
    if (fitted.ok()) {
      builder.append(*fitted);
    } else {
      refused.push_back({static_cast<std::uint32_t>(row), fitted.error().message});
      builder.append_null();
    }
  }
  return builder.finish();
}

std::shared_ptr<const engine::Image> make_image(std::vector<types::Field> columns,
                                                std::vector<ColumnStep> steps, KeyLimit key_limit) {
  return std::make_shared<ColumnwiseImage>(std::move(columns), std::move(steps), std::move(key_limit));
}

}  // namespace offtake::targets::protocol
