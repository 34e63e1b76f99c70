// What becomes of records that do not decode, and of those behind them: one source's part of the ledger as
// its reading thread knows it (correctness: "Bad records: the ledger").
//   a record that the ledger holds      left out, whatever it is
//   a later record of a parked key      parked too, behind it: a key's records stay in order
//   a record that does not decode       parked, its key with it; without key it alone
// Keys are told apart as an entity's identity is, so that the rule is the same in fills, live and replays.
// One thread.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "operators/sources/decode.h"
#include "operators/targets/ledger.h"

namespace offtake::delivery {

enum class ParkingMode {
  kStop,  // a record that does not decode is an error
  kPark,
  kAsOf,  // the ledger is that of the offsets read to: nothing is parked anew
};

// How the inputs of a revision treat records. The entries must outlive what reads with it.
struct Parking {
  ParkingMode mode = ParkingMode::kStop;
  const targets::LedgerEntries* ledger = nullptr;
  std::size_t most_entries = 0;  // of one dataset
};

struct ParkedRecord {
  int partition = 0;
  sources::Offset offset = 0;
  sources::RecordKey key;  // no digest: the record has none
  std::string error;       // empty: it waits
  bool waits() const { return error.empty(); }
};

class SourceParking {
 public:
  // At most this part of the last kWindow records, and so many keys: beyond it is a topic's trouble, not a
  // record's.
  static constexpr std::size_t kWindow = 10'000, kMostBad = 100, kMostKeys = 1'000;

  SourceParking(std::string dataset, const Parking& parking, const sources::OffsetVector& from);

  struct Decoded {
    engine::SourceBatch rows;
    std::vector<ParkedRecord> parked;  // in offset order
  };
  // All or nothing: after an error nothing of the batch counts as parked. Errors: the decoder's;
  // TooManyParked (row).
  base::Result<Decoded> decode(const sources::RecordBatch& records, sources::RecordDecoder& decoder);

 private:
  using Place = std::pair<int, sources::Offset>;
  struct Batch;
  void sort_out(const sources::RecordBatch& records, sources::RecordDecoder& decoder, Batch& batch) const;
  bool waits(const Batch& batch, const std::string& digest) const;
  base::Status park(const sources::BadRecord& bad, sources::RecordDecoder& decoder, Batch& batch) const;
  base::Status check_limits(const Batch& batch) const;
  void take(const Batch& batch);

  const std::string dataset_;
  const ParkingMode mode_;
  const std::size_t most_entries_;
  std::set<Place> left_out_;    // that the ledger holds
  std::set<std::string> keys_;  // digests of those that are parked
  std::size_t entries_ = 0, keyless_ = 0;
  std::uint64_t records_ = 0;      // read so far
  std::deque<std::uint64_t> bad_;  // which of them were parked for themselves, within the window
};

}  // namespace offtake::delivery
