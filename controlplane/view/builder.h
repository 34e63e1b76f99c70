// What the console's builder is told of a query: the analysis with what the target makes of its columns, what
// it reads and saves, and which other datasets could be joined. Reads only; nothing is stored.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "controlplane/catalog/catalog.h"
#include "controlplane/sql/form/analyse.h"
#include "controlplane/sql/form/edit.h"
#include "controlplane/view/column_widths.h"

namespace offtake::view {

struct BuilderRequest {
  std::string sql;
  std::string namespace_name;                   // of the product: whose rights count
  std::string class_name;                       // of the target; empty: not chosen yet
  std::optional<std::vector<std::string>> key;  // spec.target.key
  resources::HistoryFrom history;
  planning::Overlay overlay;  // as it was sent (sent_objects.h)
  bool proposals = true;
};

// One dataset that the query reads.
struct BuilderRead {
  sql::DatasetUse use;
  std::size_t columns_total = 0;
  double bytes = 0, whole_bytes = 0;  // of one record: of the columns read, of all
  std::int64_t records = 0;           // that this was measured on; 0: told by the types alone
};

// A dataset that is not in the query, and how it could be joined.
struct Proposal {
  sql::DatasetName id;
  std::string owner, description;
  enum class Basis { kDeclared, kName } basis = Basis::kName;
  std::string reason;
  std::vector<sql::form::Pair> pairs;
  std::vector<std::pair<std::string, std::string>> types;  // of each pair; empty: not known
  std::string problem;                                     // why it cannot be joined so
  std::string denied;                                      // why it may not be read
};

struct BuilderAnswer {
  sql::form::Analysis analysis;
  std::vector<std::string> target_types;     // of the output; empty: no class
  std::vector<std::string> classifications;  // of the output; "" of a column that has none
  std::vector<BuilderRead> reads;
  std::vector<Proposal> proposals;
};

class Builder {
 public:
  // REQUIRES: what is given outlives it.
  Builder(store::ResourceClient& resources, platform::Platform& platform, const base::Clock& clock,
          std::shared_ptr<catalog::Catalog> catalog)
      : resources_(resources),
        platform_(platform),
        clock_(clock),
        catalog_(std::move(catalog)),
        widths_(platform, clock) {}

  // Fails where the stored objects cannot be read.
  base::Result<BuilderAnswer> look(const BuilderRequest& request);
  // The text with one edit. Code Invalid; or as `look`.
  base::Result<sql::form::Edited> edit(const BuilderRequest& request, const sql::form::Edit& edit);

 private:
  struct Looking;
  base::Result<std::unique_ptr<Looking>> begin(const BuilderRequest& request);
  std::vector<Proposal> propose(const BuilderRequest& request, const sql::form::Form& form);

  store::ResourceClient& resources_;
  platform::Platform& platform_;
  const base::Clock& clock_;
  std::shared_ptr<catalog::Catalog> catalog_;
  ColumnWidths widths_;
};

}  // namespace offtake::view
