// Writes of many documents in one request. A bulk answers 200 whatever became of its items: each is looked
// at.
#pragma once
#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "operators/targets/opensearch/rest.h"

namespace offtake::targets::opensearch {

// So many bytes a request: what servers digest well.
inline constexpr std::size_t kBulkBytes = std::size_t{8} << 20;

class Bulk {
 public:
  // `action`: "index", "create", "delete"; `options` are members of its line ("\"version\":3"), may be empty.
  void add(std::string_view action, std::string_view id, std::string_view options, std::string_view source);
  std::size_t bytes() const { return body_.size(); }
  std::size_t items() const { return sources_.size(); }
  std::string_view source(std::size_t item) const;
  const std::string& id(std::size_t item) const { return ids_[item]; }
  void clear();

  struct Failure {
    std::size_t item = 0;
    Refusal refusal;
  };
  // Through the alias, so that no index is made where the one behind it is gone. Busy servers are asked again
  // for some seconds, until `stop`: the same documents once more.
  base::Result<std::vector<Failure>> send(const Rest& rest, const std::string& alias,
                                          const std::atomic<bool>& stop) const;

 private:
  struct Slice {
    std::size_t begin = 0, size = 0;
  };
  std::string body_;
  std::vector<std::string> ids_;
  std::vector<Slice> sources_;
};

}  // namespace offtake::targets::opensearch
