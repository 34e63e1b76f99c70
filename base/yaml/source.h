// The text of a YAML stream, for finding out what its parser does not tell: lines and columns in characters,
// how a scalar was written, and where exactly its text stands. Internal to base/yaml.
#pragma once
#include <string_view>
#include <vector>

#include "base/yaml/node.h"

namespace offtake::yaml {

class Source {
 public:
  // `text` must outlive this.
  explicit Source(std::string_view text);

  Position position(std::size_t offset) const;
  // The scalar whose properties or text start at `offset` and whose value the parser gave.
  Node scalar(std::size_t offset, const std::string& value) const;
  // Likewise where the parser only said "null".
  Node plain_null(std::size_t offset) const;

 private:
  std::size_t skip_properties(std::size_t offset) const;
  std::string_view line(std::size_t index) const;  // from 0, without its line break
  void locate_block_text(std::size_t header, Node& node) const;

  std::string_view text_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace offtake::yaml
