#include "operators/sources/record_key.h"

#include "base/crypto/crypto.h"
#include "schemas/avro/columns.h"
#include "schemas/avro/framing.h"
#include "schemas/avro/wire.h"

namespace offtake::sources {
namespace {

using Keys = std::span<const std::optional<std::string_view>>;

// Bytes of a fixed format.
class ScalarKey : public RecordKeyReader {
 public:
  enum class Format { kBytes, kString, kInt32, kInt64, kUuid };
  explicit ScalarKey(Format format) : format_(format), fields_{{"", type_of(format), true}} {}

  const std::vector<types::Field>& fields() const override { return fields_; }

  base::Result<std::vector<types::ColumnPtr>> read(Keys keys, std::optional<KeyFailure>& failure) override {
    types::ColumnBuilder builder(fields_[0].type);
    builder.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!keys[i]) {
        builder.append_null();
        continue;
      }
      if (auto appended = append(builder, *keys[i]); !appended) {
        failure = KeyFailure{i, std::move(appended).error()};
        return std::vector<types::ColumnPtr>();
      }
    }
    return std::vector<types::ColumnPtr>{builder.finish()};
  }

 private:
  static types::Type type_of(Format format) {
    switch (format) {
      case Format::kBytes:
        return types::TypeId::kBytea;
      case Format::kString:
        return types::TypeId::kText;
      case Format::kInt32:
        return types::TypeId::kInt4;
      case Format::kInt64:
        return types::TypeId::kInt8;
      case Format::kUuid:
        return types::TypeId::kUuid;
    }
    return types::TypeId::kBytea;
  }

  static base::Error wrong(std::string what) { return base::row_error("RecordNotDecoded", std::move(what)); }

  template <class T>
  static base::Status append_big_endian(types::ColumnBuilder& builder, std::string_view key) {
    if (key.size() != sizeof(T)) return wrong(fmt::format("it has {} bytes, not {}", key.size(), sizeof(T)));
    std::make_unsigned_t<T> value = 0;
    for (const char byte : key)
      value = static_cast<std::make_unsigned_t<T>>(value << 8 | static_cast<unsigned char>(byte));
    builder.append(static_cast<T>(value));
    return {};
  }

  base::Status append(types::ColumnBuilder& builder, std::string_view key) const {
    switch (format_) {
      case Format::kBytes:
        builder.append_text(key);
        return {};
      case Format::kString:
        if (!avro::is_utf8(key)) return wrong("it is no UTF-8 text");
        builder.append_text(key);
        return {};
      case Format::kInt32:
        return append_big_endian<std::int32_t>(builder, key);
      case Format::kInt64:
        return append_big_endian<std::int64_t>(builder, key);
      case Format::kUuid:
        return append_uuid(builder, key);
    }
    return {};
  }

  // Kafka's serialiser writes the text form; others the 16 bytes.
  static base::Status append_uuid(types::ColumnBuilder& builder, std::string_view key) {
    if (key.size() == sizeof(types::Uuid)) {
      types::Uuid uuid;
      std::memcpy(uuid.data(), key.data(), uuid.size());
      builder.append(uuid);
      return {};
    }
    if (auto parsed = types::append_parsed(builder, key); !parsed) return wrong("it is no UUID");
    return {};
  }

  const Format format_;
  const std::vector<types::Field> fields_;
};

// Framed Avro, resolved to the dataset's key schema.
class AvroKey : public RecordKeyReader {
 public:
  AvroKey(WriterSchemas& schemas, std::optional<avro::Schema> reader) : schemas_(schemas) {
    if (reader) set_reader(std::move(*reader));
  }

  const std::vector<types::Field>& fields() const override { return fields_; }

  base::Result<std::vector<types::ColumnPtr>> read(Keys keys, std::optional<KeyFailure>& failure) override {
    std::vector<types::ColumnBuilder> builders;
    const auto prepare = [&] {
      for (const auto& field : fields_) builders.emplace_back(field.type);
    };
    if (reader_) prepare();
    std::vector<avro::DecodeFailure> failures;
    std::vector<std::string_view> run;
    for (std::size_t i = 0; i < keys.size();) {
      if (!keys[i]) {
        if (!reader_)
          return base::terminal("BadKeyFormat", "a record has no key and its schema is not known");
        for (auto& builder : builders) builder.append_null();
        ++i;
        continue;
      }
      auto framed = avro::split_frame(*keys[i]);
      if (!framed) {
        failure = KeyFailure{i, std::move(framed).error()};
        return std::vector<types::ColumnPtr>();
      }
      auto decoder = decoder_for(static_cast<int>(framed->schema_id));
      if (!decoder) return std::move(decoder).error();
      if (builders.empty()) prepare();
      const std::size_t first = i;
      run.clear();
      for (; i < keys.size() && keys[i] && avro::is_framed(*keys[i]); ++i) {
        const auto next = avro::split_frame_unchecked(*keys[i]);
        if (next.schema_id != framed->schema_id) break;
        run.push_back(next.payload);
      }
      (*decoder)->decode(run, builders, failures);
      if (!failures.empty()) {
        failure = KeyFailure{first + failures.front().record, std::move(failures.front().error)};
        return std::vector<types::ColumnPtr>();
      }
    }
    std::vector<types::ColumnPtr> out;
    for (auto& builder : builders) out.push_back(builder.finish());
    return out;
  }

 private:
  void set_reader(avro::Schema reader) {
    fields_ = avro::columns_of(reader).fields;
    reader_ = std::move(reader);
  }

  base::Result<avro::Decoder*> decoder_for(int id) {
    if (const auto known = decoders_.find(id); known != decoders_.end()) return &known->second;
    auto writer = schemas_.get(id);
    if (!writer) return std::move(writer).error();
    if (!reader_) set_reader(*writer);
    auto compiled = avro::Decoder::compile(*writer, fields_, *reader_);
    if (!compiled) return std::move(compiled).error().in(fmt::format("the record key's schema {}", id));
    return &decoders_.emplace(id, std::move(compiled).value()).first->second;
  }

  WriterSchemas& schemas_;
  std::optional<avro::Schema> reader_;
  std::vector<types::Field> fields_;
  std::map<int, avro::Decoder> decoders_;
};

}  // namespace

base::Result<std::unique_ptr<RecordKeyReader>> RecordKeyReader::create(const DecodeSpec& spec,
                                                                       WriterSchemas& schemas) {
  using Format = ScalarKey::Format;
  static const std::map<std::string, Format, std::less<>> kScalars = {{"", Format::kBytes},
                                                                      {"String", Format::kString},
                                                                      {"Int32", Format::kInt32},
                                                                      {"Int64", Format::kInt64},
                                                                      {"UUID", Format::kUuid}};
  if (const auto scalar = kScalars.find(spec.key_format); scalar != kScalars.end()) {
    return std::make_unique<ScalarKey>(scalar->second);
  }
  if (spec.key_format != "Avro") {
    return base::terminal("BadKeyFormat",
                          fmt::format("dataset {}: '{}' is no key format", spec.dataset, spec.key_format))
        .with_hint("possible are Avro, String, Int32, Int64 and UUID");
  }
  std::optional<avro::Schema> reader;
  if (!spec.key_schema.empty()) {
    auto parsed = avro::parse(spec.key_schema);
    if (!parsed) return std::move(parsed).error().in(fmt::format("dataset {}: key schema", spec.dataset));
    const auto columns = avro::columns_of(*parsed);
    if (!columns.refused.empty()) {
      return base::terminal("BadAvroSchema",
                            fmt::format("dataset {}: key field '{}' has no SQL type: {}", spec.dataset,
                                        columns.refused[0].name, columns.refused[0].reason));
    }
    reader = std::move(parsed).value();
  }
  return std::make_unique<AvroKey>(schemas, std::move(reader));
}

types::ColumnPtr identities(const std::vector<types::ColumnPtr>& columns, std::size_t rows) {
  types::ColumnBuilder builder{types::TypeId::kBytea};
  builder.reserve(rows);
  std::string bytes;
  for (std::size_t row = 0; row < rows; ++row) {
    bytes.clear();
    for (const auto& column : columns) types::append_canonical(*column, row, bytes);
    builder.append_text(bytes);
  }
  return builder.finish();
}

std::string key_text(std::string_view key) {
  constexpr std::size_t kMost = 64;
  const bool readable = avro::is_utf8(key) && std::all_of(key.begin(), key.end(), [](unsigned char c) {
                          return c >= 0x20 && c != 0x7f;
                        });
  std::string text = readable ? fmt::format("'{}'", key) : "0x" + crypto::hex(key.substr(0, kMost / 2));
  if (text.size() <= kMost) return text;
  // Not in the middle of a character.
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace offtake::sources
