#include "operators/engine/result_stage.h"

namespace offtake::engine {

std::vector<types::Type> ResultStage::column_types() const {
  std::vector<types::Type> out;
  for (const types::Field& field : fields_) out.push_back(field.type);
  return out;
}

base::Result<types::Batch> ResultStage::to_image(types::Batch&& piece) {
  if (image_ == nullptr) return std::move(piece);
  types::Batch visible;
  visible.rows = piece.rows;
  visible.weights = piece.weights;
  visible.columns.assign(piece.columns.begin(), piece.columns.begin() + static_cast<long>(fields_.size()));
  std::vector<Image::Refusal> refused;
  auto image = image_->apply(visible, refused);
  if (!image) return image;
  types::Batch out = std::move(image).value();
  out.weights = piece.weights;
  out.columns.insert(out.columns.end(), piece.columns.begin() + static_cast<long>(fields_.size()),
                     piece.columns.end());
  if (refused.empty()) return out;
  std::vector<bool> dropped(out.rows, false);
  for (Image::Refusal& refusal : refused) {
    if (dropped[refusal.row]) continue;
    dropped[refusal.row] = true;
    runtime_.errors.add("target", runtime_.errors.message_text(std::move(refusal.message), fields_), fields_,
                        piece, refusal.row);
  }
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < out.rows; ++row) {
    if (!dropped[row]) kept.push_back(row);
  }
  return out.take(kept);
}

base::Status ResultStage::early(types::Batch&& piece) {
  auto rows = to_image(std::move(piece));
  if (!rows) return rows.error();
  return take_early_rows(std::move(rows).value());
}

base::Status ResultStage::fill(types::Batch&& piece, const ChangeSink& sink) {
  auto rows = to_image(std::move(piece));
  if (!rows) return rows.error();
  return fill_rows(std::move(rows).value(), sink);
}

base::Status ResultStage::finish_fill(const ChangeSink& sink) {
  return end_fill(sink);
}

base::Status ResultStage::collect(types::Batch&& piece) {
  auto rows = to_image(std::move(piece));
  if (!rows) return rows.error();
  return collect_rows(std::move(rows).value());
}

Changes ChangeBuilder::finish() const {
  Changes out;
  std::vector<const char*> upserts = new_;
  upserts.insert(upserts.end(), replacing_.begin(), replacing_.end());
  out.upserts.rows = upserts.size();
  out.upserts.columns = layout_.gather(upserts);
  out.new_rows = new_.size();
  out.deletes.rows = deletes_.size();
  for (const int column : key_) {
    types::ColumnBuilder builder(layout_.types()[static_cast<std::size_t>(column)]);
    layout_.gather(deletes_, static_cast<std::size_t>(column), builder);
    out.deletes.columns.push_back(builder.finish());
  }
  types::add_to(out.checksum, out.upserts);
  std::vector<const char*> gone_rows = replaced_;
  gone_rows.insert(gone_rows.end(), deletes_.begin(), deletes_.end());
  types::Batch gone;
  gone.rows = gone_rows.size();
  gone.columns = layout_.gather(gone_rows);
  gone.weights.assign(gone.rows, -1);
  types::add_to(out.checksum, gone);
  if (old_rows_) {
    gone.weights.clear();
    out.old_rows = std::move(gone);
  }
  return out;
}

base::Status add_rows(Arrangement& net, const types::Batch& rows, std::uint64_t epoch) {
  const std::vector<std::uint64_t> hashes = types::hash_rows(rows, net.key());
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (row + 16 < rows.rows) net.prefetch(hashes[row + 16]);
    if (auto added = net.add(rows.columns, row, hashes[row], rows.weight(row), epoch); !added) {
      return added.error();
    }
  }
  return {};
}

std::unique_ptr<ResultStage> make_result_stage(const plan::Identity& identity,
                                               std::vector<types::Field> fields,
                                               std::shared_ptr<const Image> image, Runtime& runtime) {
  using Kind = plan::Identity::Kind;
  switch (identity.kind) {
    case Kind::kProvedKey:
      return proved_key_stage(identity.key, std::move(fields), std::move(image), runtime);
    case Kind::kWatchedKey:
      return watched_key_stage(identity.key, std::move(fields), std::move(image), runtime);
    case Kind::kPosition:
      return position_stage(std::move(fields), std::move(image), runtime);
    case Kind::kBag:
      return bag_stage(std::move(fields), std::move(image), runtime);
  }
  return nullptr;
}

}  // namespace offtake::engine
