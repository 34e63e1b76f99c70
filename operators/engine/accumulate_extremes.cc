// min and max over an ordered multiset of the group's values: a change costs O(log n), also where it takes
// the extreme away.
#include <map>

#include "operators/engine/accumulator.h"
#include "operators/engine/row_layout.h"

namespace offtake::engine {
namespace {

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}
template <class T>
int order_floats(T a, T b) {
  const bool nan_a = a != a;
  const bool nan_b = b != b;
  return nan_a || nan_b ? order(nan_a, nan_b) : order(a, b);
}

// SQL's order of packed values; equal ones that are spelled differently by their text.
struct Less {
  const RowLayout* layout;
  types::Physical physical;

  bool operator()(const std::string& a, const std::string& b) const {
    const int by_value = compare(a.data(), b.data());
    if (by_value != 0) return by_value < 0;
    return a != b && text_of(a) < text_of(b);
  }
  std::string text_of(const std::string& packed) const {
    const char* const rows[] = {packed.data()};
    return types::value_text(*layout->gather(rows)[0], 0);
  }

  template <class T>
  int compare_as(const char* a, const char* b) const {
    return order(layout->value<T>(a, 0), layout->value<T>(b, 0));
  }
  int compare(const char* a, const char* b) const {
    switch (physical) {
      case types::Physical::kBool:
        return compare_as<std::uint8_t>(a, b);
      case types::Physical::kInt32:
        return compare_as<std::int32_t>(a, b);
      case types::Physical::kInt64:
        return compare_as<std::int64_t>(a, b);
      case types::Physical::kFloat32:
        return order_floats(layout->value<float>(a, 0), layout->value<float>(b, 0));
      case types::Physical::kFloat64:
        return order_floats(layout->value<double>(a, 0), layout->value<double>(b, 0));
      case types::Physical::kNumeric:
        return types::compare(layout->number(a, 0), layout->number(b, 0));
      case types::Physical::kInterval:
        return types::compare(layout->value<types::Interval>(a, 0), layout->value<types::Interval>(b, 0));
      case types::Physical::kUuid:
        return compare_as<types::Uuid>(a, b);
      case types::Physical::kString:
        return order(layout->text(a, 0).compare(layout->text(b, 0)), 0);
    }
    return 0;
  }
};

class Extreme final : public Accumulator {
 public:
  Extreme(int column, bool greatest, const types::Type& type)
      : column_(static_cast<std::size_t>(column)), greatest_(greatest), layout_({type}) {}
  std::size_t state_bytes() const override { return sizeof(Values*); }

  void add(const types::Batch& piece, std::span<char* const> groups, std::size_t offset) override {
    const types::ColumnPtr& column = piece.columns[column_];
    const std::span<const types::ColumnPtr> columns(&column, 1);
    std::string packed;
    for (std::size_t row = 0; row < piece.rows; ++row) {
      if (column->is_null(row)) continue;
      auto* values = load<Values*>(groups[row] + offset);
      if (values == nullptr) {
        values = new Values(Less{&layout_, column->physical()});
        heap_bytes_ += sizeof(Values);
        store(groups[row] + offset, values);
      }
      layout_.pack(columns, row, packed);
      auto [at, fresh] = values->try_emplace(packed, 0);
      if (fresh) heap_bytes_ += node_bytes(packed);
      at->second += piece.weight(row);
      if (at->second == 0) {
        heap_bytes_ -= node_bytes(packed);
        values->erase(at);
      }
    }
  }

  base::Status write(const char* at, types::ColumnBuilder& out) const override {
    const auto* values = load<const Values*>(at);
    const auto present = [](const auto& entry) { return entry.second > 0; };
    const std::string* best = nullptr;
    if (values != nullptr && greatest_) {
      auto found = std::find_if(values->rbegin(), values->rend(), present);
      if (found != values->rend()) best = &found->first;
      const Less less = values->key_comp();
      for (; found != values->rend() && less.compare(found->first.data(), best->data()) == 0; ++found) {
        if (present(*found)) best = &found->first;
      }
    } else if (values != nullptr) {
      const auto found = std::find_if(values->begin(), values->end(), present);
      if (found != values->end()) best = &found->first;
    }
    if (best == nullptr) {
      out.append_null();
      return {};
    }
    const char* const rows[] = {best->data()};
    layout_.gather(rows, 0, out);
    return {};
  }

  bool on_heap() const override { return true; }
  void save(const char* at, StateWriter& out) const override {
    const auto* values = load<const Values*>(at);
    out.put<std::uint8_t>(values == nullptr ? 0 : 1);
    if (values == nullptr) return;
    out.put<std::uint64_t>(values->size());
    for (const auto& [packed, weight] : *values) {
      out.text(packed);
      out.put<std::int64_t>(weight);
    }
  }
  void restore(char* at, StateReader& in) override {
    if (in.get<std::uint8_t>() == 0) return;
    auto* values = new Values(Less{&layout_, types::physical(layout_.types()[0].id)});
    heap_bytes_ += sizeof(Values);
    store(at, values);
    for (auto left = in.count(UINT64_MAX); left > 0 && in.ok(); --left) {
      std::string packed = in.text();
      const auto weight = in.get<std::int64_t>();
      if (!in.charge(node_bytes(packed))) return;
      const std::size_t before = values->size();
      values->emplace_hint(values->end(), packed, weight);
      if (values->size() > before) heap_bytes_ += node_bytes(packed);
    }
  }

  void destroy(char* at) override {
    auto* values = load<Values*>(at);
    if (values == nullptr) return;
    for (const auto& entry : *values) heap_bytes_ -= node_bytes(entry.first);
    heap_bytes_ -= sizeof(Values);
    delete values;
    store<Values*>(at, nullptr);
  }

 private:
  using Values = std::map<std::string, std::int64_t, Less>;
  static std::size_t node_bytes(const std::string& packed) {
    constexpr std::size_t kInString = 15;
    return 88 + (packed.size() > kInString ? packed.size() + 17 : 0);
  }

  std::size_t column_;
  bool greatest_;
  RowLayout layout_;
};

}  // namespace

std::unique_ptr<Accumulator> extreme(int column, bool greatest, types::Type type) {
  return std::make_unique<Extreme>(column, greatest, type);
}

}  // namespace offtake::engine
