// Rows without a key: each distinct row has a hidden identity of its 128-bit hash, and a number from 1 to its
// weight. Only the weights are kept.
#include <bit>

#include "operators/engine/fill_pieces.h"
#include "schemas/types/xxh64.h"

namespace offtake::engine {
namespace {

struct HashOfHash {
  std::size_t operator()(const types::Hash128& hash) const { return hash.low; }
};

// hash128_rows, and for values that print in several ways how they are spelled, so that 1.0 and 1.00 are two
// rows here as they are in the target. Stored in targets: never changes.
std::vector<types::Hash128> spelled_hashes(const types::Batch& rows) {
  std::vector<types::Hash128> out = types::hash128_rows(rows);
  const auto fold = [&](std::size_t row, std::uint64_t word) {
    out[row].low = types::xxh64::word(word, out[row].low);
    out[row].high = types::xxh64::word(word, out[row].high);
  };
  for (const types::ColumnPtr& column : rows.columns) {
    for (std::size_t row = 0; row < rows.rows; ++row) {
      if (column->is_null(row)) continue;
      switch (column->physical()) {
        case types::Physical::kNumeric:
          fold(row, static_cast<std::uint64_t>(column->values<types::Numeric>()[row].scale));
          break;
        case types::Physical::kFloat32:
          fold(row, column->values<float>()[row] == 0
                        ? std::bit_cast<std::uint32_t>(column->values<float>()[row])
                        : 0);
          break;
        case types::Physical::kFloat64:
          fold(row, column->values<double>()[row] == 0
                        ? std::bit_cast<std::uint64_t>(column->values<double>()[row])
                        : 0);
          break;
        case types::Physical::kInterval: {
          const auto& interval = column->values<types::Interval>()[row];
          fold(row, static_cast<std::uint64_t>(static_cast<std::uint32_t>(interval.months)) << 32 |
                        static_cast<std::uint32_t>(interval.days));
          break;
        }
        case types::Physical::kString:
          if (types::is_nested(column->type().id)) fold(row, types::xxh64::hash(column->text(row), 0));
          break;
        default:
          break;
      }
    }
  }
  return out;
}

// The two hidden columns.
struct IdentityColumns {
  types::ColumnBuilder hash{types::Type(types::TypeId::kBytea)};
  types::ColumnBuilder number{types::Type(types::TypeId::kInt8)};
  void append(const types::Hash128& value, std::int64_t n) {
    char bytes[16];
    std::memcpy(bytes, &value.low, 8);
    std::memcpy(bytes + 8, &value.high, 8);
    hash.append_text({bytes, sizeof bytes});
    number.append(n);
  }
  std::vector<types::ColumnPtr> finish() { return {hash.finish(), number.finish()}; }
};

class BagStage final : public ResultStage {
  static constexpr std::size_t kEntryBytes = 64;

 public:
  BagStage(std::vector<types::Field> fields, std::shared_ptr<const Image> image, Runtime& runtime)
      : ResultStage(std::move(fields), std::move(image), runtime) {}

  base::Result<Changes> take() override {
    Changes out;
    if (net_ == nullptr) return out;
    std::vector<const char*> packed;
    types::Batch rows;
    net_->for_each([&](RowRef ref) {
      packed.push_back(net_->payload(ref));
      rows.weights.push_back(net_->weight(ref));
    });
    rows.rows = packed.size();
    rows.columns = net_->layout().gather(packed);
    net_.reset();
    return count(rows);
  }

  void save(StateWriter& out) const override {
    if (net_ != nullptr || !early_.empty()) out.fail(base::internal("a result is saved within an epoch"));
    out.put(state_mark("BAGS"));
    out.put<std::uint64_t>(weights_.size());
    for (const auto& [hash, weight] : weights_) {
      out.put(hash);
      out.put(weight);
    }
  }
  void restore(StateReader& in) override {
    in.expect(state_mark("BAGS"), "the result");
    const std::uint64_t rows = in.count(std::uint64_t{1} << 40);
    if (!in.charge(rows * kEntryBytes)) return;
    weights_.reserve(rows);
    for (auto left = rows; left > 0 && in.ok(); --left) {
      const auto hash = in.get<types::Hash128>();
      weights_[hash] = in.get<std::int64_t>();
    }
  }

  std::size_t state_bytes() const override {
    return weights_.size() * kEntryBytes + early_bytes_ + (net_ ? net_->bytes() : 0);
  }

 protected:
  base::Status take_early_rows(types::Batch&& rows) override {
    early_bytes_ += rows.bytes();
    early_.push_back(std::move(rows));
    return {};
  }
  base::Status fill_rows(types::Batch&& rows, const ChangeSink& sink) override {
    return pieces_.add(std::move(rows), [&](types::Batch&& piece) { return give(std::move(piece), sink); });
  }
  base::Status end_fill(const ChangeSink& sink) override {
    for (types::Batch& piece : early_) {
      if (auto done = fill_rows(std::move(piece), sink); !done) return done;
    }
    early_.clear();
    early_bytes_ = 0;
    return pieces_.flush([&](types::Batch&& piece) { return give(std::move(piece), sink); });
  }
  base::Status collect_rows(types::Batch&& rows) override {
    if (net_ == nullptr) {
      std::vector<int> all(fields_.size());
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
      net_ = std::make_unique<Arrangement>(column_types(), std::move(all));
    }
    return add_rows(*net_, rows, runtime_.epoch);
  }

 private:
  base::Status give(types::Batch&& piece, const ChangeSink& sink) {
    auto changes = count(piece);
    if (!changes) return changes.error();
    return sink(std::move(changes).value());
  }

  // REQUIRES: rows that are equal have weights of one sign.
  base::Result<Changes> count(const types::Batch& rows) {
    const std::vector<types::Hash128> hashes = spelled_hashes(rows);
    Changes out;
    std::vector<std::uint32_t> added, gone;
    IdentityColumns added_identity;
    IdentityColumns gone_identity;
    for (std::uint32_t row = 0; row < rows.rows; ++row) {
      std::int64_t& weight = weights_[hashes[row]];
      const std::int64_t target = weight + rows.weight(row);
      if (target < 0) {
        return base::internal("a row was taken from a bag that does not hold it: " +
                              runtime_.errors.row_text(fields_, rows.columns, row));
      }
      while (weight < target) {
        added.push_back(row);
        added_identity.append(hashes[row], ++weight);
      }
      while (weight > target) {
        gone.push_back(row);
        gone_identity.append(hashes[row], weight--);
      }
      if (weight == 0) weights_.erase(hashes[row]);
    }
    types::add_to(out.checksum, rows);
    out.upserts = rows.take(added);
    out.upserts.weights.clear();
    out.new_rows = out.upserts.rows;
    out.upsert_identity = added_identity.finish();
    out.deletes.columns = gone_identity.finish();
    out.deletes.rows = out.deletes.columns[0]->size();
    if (runtime_.old_rows) {
      out.old_rows = rows.take(gone);
      out.old_rows.weights.clear();
    }
    return out;
  }

  std::unordered_map<types::Hash128, std::int64_t, HashOfHash> weights_;
  FillPieces pieces_;
  std::vector<types::Batch> early_;
  std::size_t early_bytes_ = 0;
  std::unique_ptr<Arrangement> net_;  // the epoch's rows
};

}  // namespace

std::unique_ptr<ResultStage> bag_stage(std::vector<types::Field> fields, std::shared_ptr<const Image> image,
                                       Runtime& runtime) {
  return std::make_unique<BagStage>(std::move(fields), std::move(image), runtime);
}

}  // namespace offtake::engine
