// The end of a dataflow: rows of the result become changes of keys. Rows are first turned into the target's
// image, so that what is equal there is equal here; what the image refuses becomes an error row.
// Then, by how the plan tells rows apart:
//   proved key    an epoch's rows of a key net to -old and +new: upsert or delete, no state
//   watched key   the rows that claim each key are kept; a key shows while exactly one distinct row claims it
//   position      (partition, offset, ordinal) of the record; rows only come
//   bag           (128-bit hash of the image as spelled, n): n copies of a row are n = 1..weight
// One thread.
#pragma once
#include <functional>
#include <memory>

#include "operators/engine/arrangement.h"
#include "operators/engine/dataflow.h"
#include "operators/engine/operator.h"

namespace offtake::engine {

using ChangeSink = std::function<base::Status(Changes&&)>;

class ResultStage {
 public:
  virtual ~ResultStage() = default;

  // Bulk mode: rows that are final before the end; then the rest; then the end. Every row has its final
  // weight.
  base::Status early(types::Batch&& piece);
  base::Status fill(types::Batch&& piece, const ChangeSink& sink);
  base::Status finish_fill(const ChangeSink& sink);
  // What a plan without state has given so far.
  virtual base::Result<Changes> take_early() { return Changes(); }

  // Live: an epoch's rows, then its changes.
  base::Status collect(types::Batch&& piece);
  virtual base::Result<Changes> take() = 0;

  virtual std::vector<KeyViolation> key_violations(std::size_t) const { return {}; }
  virtual void maintain() {}
  virtual std::size_t state_bytes() const { return 0; }
  // Between epochs.
  virtual void save(StateWriter& out) const = 0;
  virtual void restore(StateReader& in) = 0;

 protected:
  ResultStage(std::vector<types::Field> fields, std::shared_ptr<const Image> image, Runtime& runtime)
      : fields_(std::move(fields)), image_(std::move(image)), runtime_(runtime) {}

  // As above, of rows in the target's image.
  virtual base::Status take_early_rows(types::Batch&& rows) = 0;
  virtual base::Status fill_rows(types::Batch&& rows, const ChangeSink& sink) = 0;
  virtual base::Status end_fill(const ChangeSink& sink) = 0;
  virtual base::Status collect_rows(types::Batch&& rows) = 0;

  std::vector<types::Type> column_types() const;

  std::vector<types::Field> fields_;
  std::shared_ptr<const Image> image_;
  Runtime& runtime_;

 private:
  base::Result<types::Batch> to_image(types::Batch&& piece);
};

std::unique_ptr<ResultStage> make_result_stage(const plan::Identity& identity,
                                               std::vector<types::Field> fields,
                                               std::shared_ptr<const Image> image, Runtime& runtime);
// One file each.
std::unique_ptr<ResultStage> proved_key_stage(std::vector<int> key, std::vector<types::Field> fields,
                                              std::shared_ptr<const Image> image, Runtime& runtime);
std::unique_ptr<ResultStage> watched_key_stage(std::vector<int> key, std::vector<types::Field> fields,
                                               std::shared_ptr<const Image> image, Runtime& runtime);
std::unique_ptr<ResultStage> position_stage(std::vector<types::Field> fields,
                                            std::shared_ptr<const Image> image, Runtime& runtime);
std::unique_ptr<ResultStage> bag_stage(std::vector<types::Field> fields, std::shared_ptr<const Image> image,
                                       Runtime& runtime);

// The changes of one epoch, put together row by row from packed rows.
class ChangeBuilder {
 public:
  ChangeBuilder(const RowLayout& layout, std::vector<int> key, bool old_rows)
      : layout_(layout), key_(std::move(key)), old_rows_(old_rows) {}
  // `replaces`: a row of that key is in the target.
  void upsert(const char* row, bool replaces) { (replaces ? replacing_ : new_).push_back(row); }
  // A row that was in the target and is not any more; its key is deleted unless `replaced`, which is said of
  // it in the order in which the rows that replace are given.
  void gone(const char* row, bool replaced) { (replaced ? replaced_ : deletes_).push_back(row); }
  Changes finish() const;  // REQUIRES: the rows are still there

 private:
  const RowLayout& layout_;
  std::vector<int> key_;
  bool old_rows_;
  std::vector<const char*> new_, replacing_, replaced_, deletes_;
};

// Adds every row of `rows` to `net` under hash_rows over net.key().
base::Status add_rows(Arrangement& net, const types::Batch& rows, std::uint64_t epoch);

}  // namespace offtake::engine
