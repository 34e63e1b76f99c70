#include "operators/engine/error_log.h"

#include <algorithm>

#include "operators/plan/classified.h"

namespace offtake::engine {
namespace {

constexpr std::size_t kEntryBytes = 160;  // a map node and its three texts

}  // namespace

void ErrorLog::add(ErrorRow error) {
  if (error.weight == 0) return;
  const std::size_t bytes = kEntryBytes + error.message.size() + error.operation.size() + error.row.size();
  auto [at, fresh] =
      weights_.try_emplace(Key(std::move(error.operation), std::move(error.message), std::move(error.row),
                               error.source, error.partition, error.offset),
                           0);
  at->second += error.weight;
  if (fresh) bytes_ += bytes;
  if (at->second == 0) {
    weights_.erase(at);
    bytes_ -= bytes;
  }
}

std::vector<ErrorRow> ErrorLog::list(std::size_t limit) const {
  std::vector<ErrorRow> out;
  for (const auto& [key, weight] : weights_) {
    if (out.size() == limit) break;
    const auto& [operation, message, row, source, partition, offset] = key;
    out.push_back({message, operation, row, source, partition, offset, weight});
  }
  return out;
}

void ErrorLog::save(StateWriter& out) const {
  out.put<std::uint64_t>(weights_.size());
  for (const auto& [key, weight] : weights_) {
    const auto& [operation, message, row, source, partition, offset] = key;
    out.text(operation);
    out.text(message);
    out.text(row);
    out.put<std::int32_t>(source);
    out.put<std::int32_t>(partition);
    out.put<std::int64_t>(offset);
    out.put<std::int64_t>(weight);
  }
}

void ErrorLog::restore(StateReader& in) {
  for (auto left = in.count(UINT64_MAX); left > 0 && in.ok(); --left) {
    ErrorRow error;
    error.operation = in.text();
    error.message = in.text();
    error.row = in.text();
    error.source = in.get<std::int32_t>();
    error.partition = in.get<std::int32_t>();
    error.offset = in.get<std::int64_t>();
    error.weight = in.get<std::int64_t>();
    const std::size_t before = bytes_;
    if (in.ok()) add(std::move(error));
    in.charge(bytes_ - before);
  }
}

std::string ErrorLog::value_text(const types::Field& field, const types::Column& column,
                                 std::size_t row) const {
  if (!hidden_.empty() && hidden_.contains(field.name)) return std::string(plan::kHidden);
  return types::value_text(column, row);
}

std::string ErrorLog::row_text(std::span<const types::Field> fields,
                               std::span<const types::ColumnPtr> columns, std::size_t row) const {
  constexpr std::size_t kMost = 300;
  std::string out;
  for (std::size_t i = 0; i < fields.size() && i < columns.size() && out.size() < kMost; ++i) {
    if (i > 0) out += ", ";
    out += fields[i].name + "=" + value_text(fields[i], *columns[i], row);
  }
  if (out.size() > kMost) {
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;  // whole characters
    out.resize(end);
    out += "…";
  }
  return out;
}

std::string ErrorLog::message_text(std::string message, std::span<const types::Field> fields) const {
  const bool classified =
      !hidden_.empty() && std::any_of(fields.begin(), fields.end(), [&](const types::Field& field) {
        return hidden_.contains(field.name);
      });
  return classified ? plan::without_quoted(message) : message;
}

void ErrorLog::add(std::string_view operation, std::string message, std::span<const types::Field> fields,
                   const types::Batch& input, std::size_t row) {
  ErrorRow out;
  out.operation = operation;
  out.message = std::move(message);
  out.row = row_text(fields, input.columns, row);
  out.weight = input.weight(row);
  if (input.columns.size() == fields.size() + kPositionColumns) {
    out.source = 0;
    out.partition = input.columns[fields.size()]->values<std::int32_t>()[row];
    out.offset = input.columns[fields.size() + 1]->values<std::int64_t>()[row];
  }
  add(std::move(out));
}

}  // namespace offtake::engine
