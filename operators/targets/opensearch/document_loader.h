// Bulk load of one stream into a fill's index: each document is made only where there is none of its id. One
// request is under way, on a thread of its own, while the next is written; an error of it comes with the one
// after.
#pragma once
#include <atomic>
#include <future>

#include "operators/targets/intent/row_store.h"
#include "operators/targets/opensearch/refused_documents.h"

namespace offtake::targets::opensearch {

class DocumentLoader : public intent::RowLoader {
 public:
  // `stop` outlives it.
  DocumentLoader(std::shared_ptr<const Rest> rest, TableSpec table, std::string place,
                 const std::atomic<bool>& stop);
  base::Status append(const engine::Changes& rows) override;
  base::Status flush() override;
  std::vector<protocol::RefusedRow> take_refused() override { return std::exchange(refused_, {}); }

 private:
  base::Status send();
  base::Status settle();
  base::Status compare(const std::vector<std::size_t>& items);
  std::vector<std::string> key_values(std::string_view source) const;

  const std::shared_ptr<const Rest> rest_;
  const TableSpec table_;
  const std::string place_;
  const std::atomic<bool>& stop_;
  std::vector<protocol::RefusedRow> refused_;
  Bulk bulk_, sent_;
  std::future<base::Result<std::vector<Bulk::Failure>>> answer_;  // last: it uses the above until it is there
};

}  // namespace offtake::targets::opensearch
