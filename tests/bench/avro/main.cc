// avro_bench [records]: decoding a record of 12 fields, nullable ones and strings among them, against avro-c.
// Ours checks UTF-8 and writes columns; the peer does neither: its time ends with the decoded value.
#include <cstdio>
#include <cstdlib>
#include <random>

#include "schemas/avro/columns.h"
#include "schemas/avro/decoder.h"
#include "schemas/avro/schema.h"
#include "tests/bench/avro/peer.h"
#include "tests/bench/support/measure.h"

namespace offtake::bench {
namespace {

constexpr std::size_t kBatchRecords = 4096;

struct FieldOf {
  const char* name;
  const char* type;
};
constexpr FieldOf kFields[] = {
    {"order_id", "\"long\""},
    {"customer_id", "\"long\""},
    {"placed_at", R"({"type": "long", "logicalType": "timestamp-micros"})"},
    {"status", "\"string\""},
    {"email", R"(["null", "string"])"},
    {"quantity", "\"int\""},
    {"price", R"(["null", "long"])"},
    {"discount", R"(["null", "double"])"},
    {"paid", "\"boolean\""},
    {"country", "\"string\""},
    {"note", R"(["null", "string"])"},
    {"coupon", R"(["null", "string"])"},
};

std::string schema_of(const std::vector<std::size_t>& fields) {
  std::string out = R"({"type": "record", "name": "Order", "fields": [)";
  for (const std::size_t field : fields) {
    if (out.back() == '}') out += ", ";
    out += std::string(R"({"name": ")") + kFields[field].name + R"(", "type": )" + kFields[field].type + "}";
  }
  return out + "]}";
}

std::vector<std::size_t> all_fields() {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < std::size(kFields); ++i) out.push_back(i);
  return out;
}

class Generator {
 public:
  explicit Generator(const std::string& schema) : encoder_(schema) {}

  std::string next() {
    at_ = 0;
    put([&](avro_value_t* value) { avro_value_set_long(value, 10'000'000 + number_++); });
    put([&](avro_value_t* value) { avro_value_set_long(value, pick(1'000'000)); });
    put([&](avro_value_t* value) {
      avro_value_set_long(value, 1'760'000'000'000'000 + number_ * 1'700'003 + pick(1'000'000));
    });
    put([&](avro_value_t* value) { set_text(value, one_of({"new", "paid", "shipped", "returned"})); });
    maybe([&](avro_value_t* value) {
      set_text(value, "customer." + std::to_string(pick(1'000'000)) + "@mail.example.com");
    });
    put([&](avro_value_t* value) { avro_value_set_int(value, static_cast<std::int32_t>(1 + pick(9))); });
    maybe([&](avro_value_t* value) { avro_value_set_long(value, 100 + pick(500'000)); });
    maybe([&](avro_value_t* value) { avro_value_set_double(value, static_cast<double>(pick(40)) / 100); });
    put([&](avro_value_t* value) { avro_value_set_boolean(value, static_cast<int>(pick(2))); });
    put([&](avro_value_t* value) { set_text(value, one_of({"DE", "FR", "Österreich", "PL"})); });
    maybe([&](avro_value_t* value) {
      set_text(value, one_of({"leave it at the door, please", "ring twice", "Grüße an alle im dritten Stock",
                              "no hurry; call before you come"}));
    });
    maybe([&](avro_value_t* value) { set_text(value, "SPRING" + std::to_string(pick(90'000))); });
    return encoder_.encode();
  }

 private:
  std::int64_t pick(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }
  std::string one_of(std::initializer_list<const char*> texts) {
    return *(texts.begin() + pick(static_cast<std::int64_t>(texts.size())));
  }
  static void set_text(avro_value_t* value, const std::string& text) {
    avro_value_set_string_len(value, text.c_str(), text.size() + 1);  // with its terminator
  }
  template <class Set>
  void put(Set set) {
    avro_value_t field;
    avro_value_get_by_index(&encoder_.record(), at_++, &field, nullptr);
    set(&field);
  }
  // Every fifth value NULL.
  template <class Set>
  void maybe(Set set) {
    put([&](avro_value_t* field) {
      avro_value_t branch;
      const bool null = pick(5) == 0;
      avro_value_set_branch(field, null ? 0 : 1, &branch);
      if (!null) set(&branch);
    });
  }

  PeerEncoder encoder_;
  std::mt19937_64 random_{7};
  std::int64_t number_ = 0;
  std::size_t at_ = 0;
};

// Whether our value is the peer's.
bool same_value(const types::Column& column, std::size_t row, avro_value_t field) {
  if (avro_value_get_type(&field) == AVRO_UNION) {
    avro_value_t branch;
    if (avro_value_get_current_branch(&field, &branch) != 0) return false;
    field = branch;
  }
  if (avro_value_get_type(&field) == AVRO_NULL) return column.is_null(row);
  if (column.is_null(row)) return false;
  switch (avro_value_get_type(&field)) {
    case AVRO_STRING: {
      const char* text = nullptr;
      std::size_t size = 0;
      avro_value_get_string(&field, &text, &size);
      return column.text(row) == std::string_view(text, size - 1);
    }
    case AVRO_INT32: {
      std::int32_t value = 0;
      avro_value_get_int(&field, &value);
      return column.values<std::int32_t>()[row] == value;
    }
    case AVRO_INT64: {
      std::int64_t value = 0;
      avro_value_get_long(&field, &value);
      return column.values<std::int64_t>()[row] == value;
    }
    case AVRO_DOUBLE: {
      double value = 0;
      avro_value_get_double(&field, &value);
      return column.values<double>()[row] == value;
    }
    case AVRO_BOOLEAN: {
      int value = 0;
      avro_value_get_boolean(&field, &value);
      return column.values<std::uint8_t>()[row] == (value != 0 ? 1 : 0);
    }
    default:
      return false;
  }
}

class Bench {
 public:
  explicit Bench(std::size_t records) : writer_text_(schema_of(all_fields())) {
    Generator generator(writer_text_);
    for (std::size_t i = 0; i < records; ++i) bytes_.push_back(generator.next());
    for (const std::string& record : bytes_) records_.push_back(record);
  }

  void run(const std::string& work, const std::vector<std::size_t>& fields, double bar, double aim) {
    const std::string reader_text = schema_of(fields);
    auto writer = avro::parse(writer_text_);
    if (!writer) fail(writer.error().text());
    std::vector<types::Field> wanted;
    const avro::Columns columns = avro::columns_of(*writer);
    for (const std::size_t field : fields) wanted.push_back(columns.fields[field]);
    auto decoder = avro::Decoder::compile(*writer, wanted);
    if (!decoder) fail(decoder.error().text());

    std::vector<Peer::Way> ways = {Peer::Way::kResolvedWriter, Peer::Way::kResolvedReader};
    if (fields.size() == std::size(kFields)) ways.push_back(Peer::Way::kGeneric);
    std::vector<std::unique_ptr<Peer>> peers;
    for (const Peer::Way way : ways) {
      peers.push_back(std::make_unique<Peer>(writer_text_, reader_text, way));
      check_equal(work, *decoder, wanted, *peers.back());
    }
    const auto ours = [&] {
      return cpu_seconds([&] { decode(*decoder, wanted, [](std::size_t, const auto&) {}); });
    };
    Comparison best;
    for (const auto& peer : peers) {
      const Comparison one =
          compare(5, ours, [&] { return cpu_seconds([&] { peer->decode_all(records_); }); });
      if (peer == peers.front() || one.theirs / one.ours < best.theirs / best.ours) best = one;
    }
    report(work, best, bar, aim);
  }

 private:
  // As a worker does: a batch of records into builders, which become columns.
  template <class Take>
  void decode(avro::Decoder& decoder, const std::vector<types::Field>& wanted, Take take) {
    std::vector<avro::DecodeFailure> failures;
    for (std::size_t first = 0; first < records_.size(); first += kBatchRecords) {
      std::vector<types::ColumnBuilder> builders;
      for (const types::Field& field : wanted) builders.emplace_back(field.type);
      const std::size_t count = std::min(kBatchRecords, records_.size() - first);
      decoder.decode(std::span(records_).subspan(first, count), builders, failures);
      std::vector<types::ColumnPtr> columns;
      for (types::ColumnBuilder& builder : builders) columns.push_back(builder.finish());
      take(first, columns);
    }
    if (!failures.empty()) fail(failures.front().error.text());
  }

  void check_equal(const std::string& work, avro::Decoder& decoder, const std::vector<types::Field>& wanted,
                   Peer& peer) {
    decode(decoder, wanted, [&](std::size_t first, const std::vector<types::ColumnPtr>& columns) {
      for (std::size_t row = 0; row < columns[0]->size(); ++row) {
        peer.decode(records_[first + row]);
        for (std::size_t i = 0; i < columns.size(); ++i) {
          avro_value_t field;
          expect(avro_value_get_by_index(&peer.record(), i, &field, nullptr) == 0 &&
                     same_value(*columns[i], row, field),
                 work + ", field " + wanted[i].name);
        }
      }
    });
  }

  std::string writer_text_;
  std::vector<std::string> bytes_;
  std::vector<std::string_view> records_;
};

}  // namespace
}  // namespace offtake::bench

int main(int argc, char** argv) {
  using namespace offtake::bench;
  Bench bench(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200000);
  bench.run("Avro decode, 2 of 12 fields, both first", {0, 1}, 3, 20);
  bench.run("Avro decode, 2 of 12 fields, one of them last", {0, 11}, 3, 8);
  bench.run("Avro decode, all 12 fields", all_fields(), 0, 6);
  return exit_code();
}
