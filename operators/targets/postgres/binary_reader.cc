#include "operators/targets/postgres/binary_reader.h"

#include "operators/targets/postgres/array_binary.h"
#include "operators/targets/postgres/numeric_binary.h"
#include "operators/targets/postgres/value_limits.h"

namespace offtake::targets::postgres {
namespace {

using types::TypeId;

constexpr std::size_t kBatchRows = 4096;
constexpr std::size_t kHeaderBytes = 19;

template <class T, class Bits>
T from_bits(Bits bits) {
  static_assert(sizeof(T) == sizeof(Bits));
  T out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

base::Error damaged() {
  return base::terminal("BadStoredValue", "PostgreSQL sent a value that is not of its column's type")
      .with_hint("the table was changed from outside");
}

}  // namespace

base::Status read_field(ByteReader& in, types::ColumnBuilder& builder) {
  const std::uint32_t size = in.take32();
  if (size == 0xFFFFFFFF) {
    builder.append_null();
    return in.good() ? base::Status() : damaged();
  }
  const std::string_view bytes = in.take_bytes(size);
  if (!in.good()) return damaged();
  ByteReader value(bytes);
  switch (builder.type().id) {
    case TypeId::kBoolean:
      builder.append(static_cast<std::uint8_t>(!bytes.empty() && bytes[0] != 0));
      value.take_bytes(1);
      break;
    case TypeId::kInt4:
      builder.append(static_cast<std::int32_t>(value.take32()));
      break;
    case TypeId::kInt8:
    case TypeId::kTime:
      builder.append(static_cast<std::int64_t>(value.take64()));
      break;
    case TypeId::kFloat4:
      builder.append(from_bits<float>(value.take32()));
      break;
    case TypeId::kFloat8:
      builder.append(from_bits<double>(value.take64()));
      break;
    case TypeId::kNumeric: {
      auto number = read_numeric(bytes, builder.arena());
      if (!number) return std::move(number).error();
      builder.append(*number);
      return {};
    }
    case TypeId::kUuid: {
      types::Uuid uuid{};
      if (bytes.size() != uuid.size()) return damaged();
      std::memcpy(uuid.data(), bytes.data(), uuid.size());
      builder.append(uuid);
      return {};
    }
    case TypeId::kDate:
      builder.append(static_cast<std::int32_t>(value.take32()) + kEpochDays);
      break;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      builder.append(static_cast<std::int64_t>(value.take64()) + kEpochMicros);
      break;
    case TypeId::kInterval: {
      types::Interval interval;
      interval.micros = static_cast<std::int64_t>(value.take64());
      interval.days = static_cast<std::int32_t>(value.take32());
      interval.months = static_cast<std::int32_t>(value.take32());
      builder.append(interval);
      break;
    }
    case TypeId::kText:
    case TypeId::kBytea:
      builder.append_text(bytes);
      return {};
    case TypeId::kArray:
      if (is_native_array(builder.type())) return read_array(bytes, builder);
      [[fallthrough]];
    case TypeId::kJsonb:
    case TypeId::kRecord:
    case TypeId::kMap:
      if (bytes.empty() || bytes[0] != 1) return damaged();
      builder.append_text(bytes.substr(1));
      return {};
  }
  return value.good() && value.done() ? base::Status() : damaged();
}

CopyHasher::CopyHasher(const std::vector<types::Field>& columns) {
  for (const auto& column : columns) builders_.emplace_back(column.type);
}

base::Status CopyHasher::take(std::string_view message) {
  if (!header_seen_) {
    if (message.size() < kHeaderBytes) return damaged();
    message.remove_prefix(kHeaderBytes);
    header_seen_ = true;
  }
  ByteReader in(message);
  while (!in.done()) {
    const std::uint16_t fields = in.take16();
    if (fields == 0xFFFF) return {};
    if (fields != builders_.size()) return damaged();
    for (auto& builder : builders_) {
      if (auto read = read_field(in, builder); !read) return read;
    }
    if (++rows_ == kBatchRows) count_in();
  }
  return {};
}

void CopyHasher::count_in() {
  types::Batch batch;
  batch.rows = rows_;
  for (auto& builder : builders_) batch.columns.push_back(builder.finish());
  types::add_to(total_, batch);
  rows_ = 0;
}

types::Checksum CopyHasher::finish() {
  if (rows_ > 0) count_in();
  return total_;
}

}  // namespace offtake::targets::postgres
