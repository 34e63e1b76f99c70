#include "operators/engine/spellings.h"

namespace offtake::engine {
namespace {

constexpr std::size_t kEntryBytes = 96;

std::vector<std::string> texts(const RowLayout& layout, std::string_view packed) {
  const char* const rows[] = {packed.data()};
  std::vector<std::string> out;
  for (const types::ColumnPtr& column : layout.gather(rows)) out.push_back(types::value_text(*column, 0));
  return out;
}

}  // namespace

Spellings::Spellings(const std::vector<types::Type>& key_types) {
  for (const types::Type& type : key_types) {
    const auto physical = types::physical(type.id);
    possible_ = possible_ || physical == types::Physical::kNumeric ||
                physical == types::Physical::kInterval || physical == types::Physical::kFloat32 ||
                physical == types::Physical::kFloat64 || types::is_nested(type.id);
  }
}

void Spellings::add(Counts*& place, std::string_view first, std::int64_t rows, const std::string& packed,
                    std::int64_t weight) {
  if (place == nullptr) {
    if (packed == first) return;
    place = new Counts();
    bytes_ += sizeof(Counts);
    if (rows != 0) {
      place->emplace(std::string(first), rows);
      bytes_ += kEntryBytes + first.size();
    }
  }
  auto [at, fresh] = place->try_emplace(packed, 0);
  if (fresh) bytes_ += kEntryBytes + packed.size();
  at->second += weight;
  if (at->second == 0) {
    place->erase(at);
    bytes_ -= kEntryBytes + packed.size();
  }
}

std::string_view Spellings::shown(const Counts* counts, std::string_view first,
                                  const RowLayout& layout) const {
  if (counts == nullptr) return first;
  const std::string* best = nullptr;
  std::vector<std::string> best_texts;
  for (const auto& [packed, count] : *counts) {
    if (count <= 0) continue;
    std::vector<std::string> candidate = texts(layout, packed);
    if (best == nullptr || candidate < best_texts) {
      best = &packed;
      best_texts = std::move(candidate);
    }
  }
  return best == nullptr ? first : std::string_view(*best);
}

void Spellings::save(const Counts* counts, StateWriter& out) {
  out.put<std::uint8_t>(counts == nullptr ? 0 : 1);
  if (counts == nullptr) return;
  out.put<std::uint64_t>(counts->size());
  for (const auto& [packed, count] : *counts) {
    out.text(packed);
    out.put<std::int64_t>(count);
  }
}

void Spellings::restore(Counts*& place, StateReader& in) {
  if (in.get<std::uint8_t>() == 0) return;
  place = new Counts();
  bytes_ += sizeof(Counts);
  for (auto left = in.count(UINT64_MAX); left > 0 && in.ok(); --left) {
    std::string packed = in.text();
    const auto count = in.get<std::int64_t>();
    if (!in.charge(kEntryBytes + packed.size())) return;
    bytes_ += kEntryBytes + packed.size();
    place->emplace_hint(place->end(), std::move(packed), count);
  }
}

void Spellings::destroy(Counts*& place) {
  if (place == nullptr) return;
  for (const auto& entry : *place) bytes_ -= kEntryBytes + entry.first.size();
  bytes_ -= sizeof(Counts);
  delete place;
  place = nullptr;
}

}  // namespace offtake::engine
