// Keys that are equal and print differently (1.0 and 1.00, '1 mon' and '30 days'): how often each spelling
// occurs in a group, kept only for groups that have met a second one. One thread.
#pragma once
#include <map>
#include <span>

#include "operators/engine/row_layout.h"
#include "operators/engine/state_stream.h"

namespace offtake::engine {

class Spellings {
 public:
  explicit Spellings(const std::vector<types::Type>& key_types);
  ~Spellings() = default;

  bool possible() const { return possible_; }  // some key column has types with several spellings
  // A row spelled `packed` came (or went) into a group whose first spelling is `first` with `rows` rows so
  // far. `place`: the group's own pointer, null until there is a second spelling.
  using Counts = std::map<std::string, std::int64_t>;
  void add(Counts*& place, std::string_view first, std::int64_t rows, const std::string& packed,
           std::int64_t weight);
  // The packed key to show.
  std::string_view shown(const Counts* counts, std::string_view first, const RowLayout& layout) const;
  void destroy(Counts*& place);
  static void save(const Counts* counts, StateWriter& out);
  void restore(Counts*& place, StateReader& in);  // REQUIRES: null
  std::size_t bytes() const { return bytes_; }

 private:
  bool possible_ = false;
  std::size_t bytes_ = 0;
};

}  // namespace offtake::engine
