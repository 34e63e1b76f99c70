// Which records are left out, by a decoder that says of each what a script says.
#include "operators/delivery/parking.h"

#include <doctest/doctest.h>

namespace offtake::delivery {
namespace {

using targets::LedgerEntry;

// Values: "ok" decodes, "bad" does not; keys are told apart as they are.
class Scripted : public sources::RecordDecoder {
 public:
  base::Result<engine::SourceBatch> decode(const sources::RecordBatch& records) override {
    bad_.reset();
    engine::SourceBatch out;
    for (const auto& record : records.records) {
      if (record.value == "bad") {
        bad_ = sources::BadRecord{record.offset, "it is bad"};
        return base::row_error("RecordNotDecoded", "bad");
      }
      out.offsets.push_back(record.offset);
    }
    return out;
  }
  const std::optional<sources::BadRecord>& bad_record() const override { return bad_; }
  std::optional<sources::RecordKey> key_of(const sources::Record& record) override {
    if (!record.key) return std::nullopt;
    return sources::RecordKey{std::string(*record.key), std::string(*record.key)};
  }

 private:
  std::optional<sources::BadRecord> bad_;
};

// "a:ok b:bad -:ok": key and value, from `offset` on; "-" has no key.
sources::RecordBatch batch_of(std::string_view text, sources::Offset offset = 0) {
  sources::RecordBatch out;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const auto colon = word.find(':');
    sources::Record record;
    record.offset = offset++;
    if (word.substr(0, colon) != "-") record.key = word.substr(0, colon);
    record.value = word.substr(colon + 1);
    out.records.push_back(record);
  }
  out.position = offset;
  return out;
}

std::string said(const base::Result<SourceParking::Decoded>& decoded) {
  if (!decoded) return decoded.error().code;
  std::string out;
  for (const auto offset : decoded->rows.offsets) out += fmt::format("{} ", offset);
  out += "|";
  for (const auto& parked : decoded->parked) {
    out += fmt::format(" {}{}", parked.waits() ? "waits " : "", parked.offset);
  }
  return out;
}

LedgerEntry entry_of(sources::Offset offset, const std::string& key, LedgerEntry::Status status) {
  LedgerEntry entry;
  entry.id = targets::id_of_input("d", 0, offset);
  entry.dataset = "d";
  entry.partition = 0;
  entry.offset = offset;
  entry.key_digest = key;
  entry.status = status;
  return entry;
}

targets::LedgerEntries ledger_of(const std::vector<LedgerEntry>& entries) {
  targets::LedgerEntries out;
  for (const auto& entry : entries) out[entry.id] = entry;
  return out;
}

std::string repeated(std::string_view word, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += std::string(i == 0 ? "" : " ") + std::string(word);
  return out;
}

}  // namespace

TEST_CASE("what is left out of a batch") {
  using enum LedgerEntry::Status;
  struct Case {
    const char* what;
    std::vector<LedgerEntry> ledger;
    ParkingMode mode;
    const char* records;
    const char* expected;
  };
  for (const Case& one : std::vector<Case>{
           {"nothing bad", {}, ParkingMode::kPark, "a:ok b:ok", "0 1 |"},
           {"Stop", {}, ParkingMode::kStop, "a:ok b:bad", "RecordNotDecoded"},
           {"its key with it",
            {},
            ParkingMode::kPark,
            "a:ok b:bad a:ok b:ok c:ok b:ok",
            "0 2 4 | 1 waits 3 waits 5"},
           {"before it", {}, ParkingMode::kPark, "b:ok b:bad b:ok", "0 | 1 waits 2"},
           {"bad ones behind it wait", {}, ParkingMode::kPark, "b:bad b:bad a:ok", "2 | 0 waits 1"},
           {"two keys", {}, ParkingMode::kPark, "a:bad b:bad a:ok b:ok", "| 0 1 waits 2 waits 3"},
           {"without key it alone", {}, ParkingMode::kPark, "-:bad -:ok a:ok", "1 2 | 0"},
           {"a key that is parked",
            {entry_of(-9, "a", kParked)},
            ParkingMode::kPark,
            "a:ok b:ok",
            "1 | waits 0"},
           {"also under Stop", {entry_of(-9, "a", kParked)}, ParkingMode::kStop, "a:ok b:ok", "1 | waits 0"},
           {"one that is discarded",
            {entry_of(1, "a", kDiscarded)},
            ParkingMode::kPark,
            "a:ok a:bad a:ok",
            "0 2 |"},
           {"one that came in since",
            {entry_of(1, "a", kReplayed)},
            ParkingMode::kAsOf,
            "a:ok a:ok",
            "0 1 |"},
           {"as of an epoch",
            {entry_of(1, "a", kParked), entry_of(2, "a", kWaiting)},
            ParkingMode::kAsOf,
            "a:ok a:bad a:ok a:ok",
            "0 3 |"},
           {"as of an epoch nothing is parked anew", {}, ParkingMode::kAsOf, "a:bad", "RecordNotDecoded"}}) {
    CAPTURE(one.what);
    const auto ledger = ledger_of(one.ledger);
    SourceParking parking("d", {one.mode, &ledger, 0}, {{0, 0}});
    Scripted decoder;
    CHECK(said(parking.decode(batch_of(one.records), decoder)) == one.expected);
  }
}

TEST_CASE("a parked key stays so from batch to batch") {
  SourceParking parking("d", {ParkingMode::kPark, nullptr, 0}, {});
  Scripted decoder;
  CHECK(said(parking.decode(batch_of("a:bad b:ok"), decoder)) == "1 | 0");
  CHECK(said(parking.decode(batch_of("b:ok a:ok", 2), decoder)) == "2 | waits 3");
}

TEST_CASE("a topic that is bad as a whole is not parked") {
  SUBCASE("of the last records") {
    SourceParking parking("d", {ParkingMode::kPark, nullptr, 0}, {});
    Scripted decoder;
    REQUIRE(parking.decode(batch_of(repeated("-:bad", SourceParking::kMostBad)), decoder).ok());
    CHECK(said(parking.decode(batch_of("-:bad", 100), decoder)) == "TooManyParked");
    CHECK(said(parking.decode(batch_of("-:ok", 101), decoder)) == "101 |");
    // Once they are far enough back.
    const std::string many = repeated("-:ok", 1'000);
    for (int i = 0; i < 10; ++i) REQUIRE(parking.decode(batch_of(many, 102 + i * 1'000), decoder).ok());
    CHECK(said(parking.decode(batch_of("-:bad", 10'102), decoder)) == "| 10102");
  }
  SUBCASE("a batch that is refused leaves nothing behind") {
    SourceParking parking("d", {ParkingMode::kPark, nullptr, 0}, {});
    Scripted decoder;
    CHECK(said(parking.decode(batch_of("a:bad " + repeated("-:bad", SourceParking::kMostBad)), decoder)) ==
          "TooManyParked");
    CHECK(said(parking.decode(batch_of("a:ok"), decoder)) == "0 |");
  }
  SUBCASE("keys") {
    std::vector<LedgerEntry> entries;
    for (std::size_t i = 0; i < SourceParking::kMostKeys; ++i) {
      entries.push_back(entry_of(static_cast<sources::Offset>(i) - 100'000, fmt::format("k{}", i),
                                 LedgerEntry::Status::kParked));
    }
    const auto ledger = ledger_of(entries);
    SourceParking parking("d", {ParkingMode::kPark, &ledger, 0}, {{0, 0}});
    Scripted decoder;
    CHECK(said(parking.decode(batch_of("a:bad"), decoder)) == "TooManyParked");
    CHECK(said(parking.decode(batch_of("k7:ok b:ok"), decoder)) == "1 | waits 0");
  }
  SUBCASE("after a new start the ones before count") {
    std::vector<LedgerEntry> entries;
    for (std::size_t i = 0; i < SourceParking::kMostBad; ++i) {
      entries.push_back(entry_of(static_cast<sources::Offset>(i), "", LedgerEntry::Status::kParked));
    }
    const auto ledger = ledger_of(entries);
    SourceParking parking("d", {ParkingMode::kPark, &ledger, 0}, {{0, 100}});
    Scripted decoder;
    CHECK(said(parking.decode(batch_of("-:bad", 100), decoder)) == "TooManyParked");
  }
  SUBCASE("what waits is bounded by what the target takes") {
    SourceParking parking("d", {ParkingMode::kPark, nullptr, 3}, {});
    Scripted decoder;
    CHECK(said(parking.decode(batch_of("a:bad a:ok a:ok"), decoder)) == "| 0 waits 1 waits 2");
    CHECK(said(parking.decode(batch_of("a:ok", 3), decoder)) == "TooManyParked");
    CHECK(said(parking.decode(batch_of("b:ok", 3), decoder)) == "3 |");
  }
}

}  // namespace offtake::delivery
