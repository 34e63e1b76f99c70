#include "operators/targets/postgres/bisect.h"

#include "base/json/value.h"
#include "operators/plan/classified.h"
#include "operators/targets/postgres/table_sql.h"
#include "operators/targets/protocol/row_identity.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

// The forms of what is to be written again: the text of a record, of the row or of its key.
constexpr std::string_view kRow = "row";
constexpr std::string_view kKey = "key";
constexpr std::string_view kNulls = "nulls";  // nulls_of() the key

// Rows that were put into the stages, and are scanned there though they are gone.
constexpr std::size_t kMostStaged = 20'000;

// Deferred constraints speak up here, for the set that was just written, and wait again afterwards.
constexpr const char* kCheckDeferred = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED";

// Of a constraint that the server names it says its name, in quotes; whatever else is quoted may be a value.
base::Error without_values(base::Error error) {
  if (error.code != "ConstraintViolated") error.message = plan::without_quoted(error.message);
  error.detail.clear();
  return error;
}

}  // namespace

bool may_be_of_a_row(const base::Error& error, const TableSpec& table, const LedgerEntries& refused) {
  // Two rows under the product's own key are a fault of whoever delivers, unless one of them should be gone.
  if (error.code == "KeyNotUnique") return !refused.empty();
  return error.retry == base::Retry::kRow && table.parks;
}

base::Result<std::vector<protocol::RefusedRow>> Bisect::write(const engine::Changes& changes) {
  found_.clear();
  bytes_ = 0;
  if (auto set = connection_.execute(by_index_sql()); !set) return std::move(set).error();
  auto erased = halve(
      {0, changes.deletes.rows},
      [&](RowRange range) { return rows_.erase(connection_, changes.deletes, range); },
      [&](std::size_t row, base::Error why) { return refuse_delete(changes.deletes, row, std::move(why)); });
  if (!erased) return std::move(erased).error();
  const types::Batch identity = protocol::identity_of(table_, changes);
  const auto upsert = [&](RowRange range) { return rows_.upsert(connection_, changes, range); };
  const auto refused = [&](std::size_t row, base::Error why) {
    return refuse_upsert(changes, identity, row, std::move(why));
  };
  auto inserted = halve(
      {0, changes.new_rows},
      [&](RowRange range) {
        const bool replaces =
            range.size() == 1 && protocol::is_refused(known_, protocol::row_id(identity, range.begin));
        return replaces ? upsert(range) : rows_.insert(connection_, changes, range);
      },
      refused);
  if (!inserted) return std::move(inserted).error();
  auto replaced = halve({changes.new_rows, changes.upserts.rows}, upsert, refused);
  if (!replaced) return std::move(replaced).error();
  auto settled = protocol::settle(
      found_, [&](const std::vector<protocol::RowAgain>& rows) { return write_again(rows); });
  if (!settled) return std::move(settled).error();
  return std::move(found_);
}

base::Result<std::vector<protocol::RefusedRow>> Bisect::write_again(
    const std::vector<protocol::RowAgain>& rows) {
  std::vector<protocol::RefusedRow> out;
  for (const auto& row : rows) {
    base::Error why;
    auto taken = attempt([&] { return stage_again(row); }, 1, why);
    if (!taken) return std::move(taken).error();
    if (*taken) continue;
    protocol::RefusedRow refused;
    refused.id = row.id;
    refused.why = without_values(std::move(why));
    out.push_back(std::move(refused));
  }
  return out;
}

// `write` of the range, or of its halves where it fails for a row; of one row alone: `refuse`.
template <class Write, class Refuse>
base::Status Bisect::halve(RowRange range, const Write& write, const Refuse& refuse) {
  if (range.size() == 0) return {};
  base::Error why;
  auto taken = attempt([&] { return write(range); }, range.size(), why);
  if (!taken) return std::move(taken).error();
  if (*taken) return {};
  if (range.size() == 1) return refuse(range.begin, std::move(why));
  const std::size_t middle = range.begin + range.size() / 2;
  if (auto first = halve({range.begin, middle}, write, refuse); !first) return first;
  return halve({middle, range.end}, write, refuse);
}

// False: the table is as it was before, for a row's sake.
template <class Write>
base::Result<bool> Bisect::attempt(const Write& write, std::size_t rows, base::Error& why) {
  if (auto cleared = clear_stages(); !cleared) return std::move(cleared).error();
  if (auto saved = connection_.execute("SAVEPOINT part"); !saved) return std::move(saved).error();
  staged_ += rows;
  base::Status written = write();
  if (written) written = connection_.execute(kCheckDeferred);
  if (written) {
    if (auto released = connection_.execute("RELEASE SAVEPOINT part"); !released)
      return std::move(released).error();
    has_staged_ = true;
    return true;
  }
  why = std::move(written).error();
  if (why.retry != base::Retry::kRow) return why;
  if (auto ended = end_savepoint(); !ended) return std::move(ended).error();
  return false;
}

base::Status Bisect::end_savepoint() {
  return connection_.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part");
}

// Not inside a savepoint, which could bring back what was there.
base::Status Bisect::clear_stages() {
  const bool whole = staged_ > kMostStaged;
  if (!whole && !has_staged_) return {};
  auto cleared = connection_.execute(whole ? truncate_stages_sql(table_) : clear_stages_sql(table_));
  if (!cleared) return cleared;
  has_staged_ = false;
  if (whole) staged_ = 0;
  return {};
}

base::Status Bisect::refuse_delete(const types::Batch& deletes, std::size_t row, base::Error why) {
  protocol::RefusedRow refused;
  if (auto cleared = clear_stages(); !cleared) return cleared;
  has_staged_ = true;
  if (auto staged = rows_.stage_deletes(connection_, deletes, {row, row + 1}); !staged) return staged;
  auto text = staged_text(staged_deletes_sql(table_));
  if (!text) return std::move(text).error();
  const auto nulls = static_cast<std::int64_t>(nulls_of(deletes, row));
  refused.row = json::dump(json::Object{{std::string(kKey), *std::move(text)}, {std::string(kNulls), nulls}});
  return refuse(deletes, row, std::move(refused), std::move(why));
}

base::Status Bisect::refuse_upsert(const engine::Changes& changes, const types::Batch& identity,
                                   std::size_t row, base::Error why) {
  protocol::RefusedRow refused;
  // Of a key that is the product's own, and nobody knows of its row: who delivers is wrong.
  if (why.code == "KeyNotUnique") return why;
  if (auto cleared = clear_stages(); !cleared) return cleared;
  has_staged_ = true;
  if (auto staged = rows_.stage_upserts(connection_, changes, {row, row + 1}); !staged) return staged;
  auto text = staged_text(staged_upserts_sql());
  if (!text) return std::move(text).error();
  refused.row = json::dump(json::Object{{std::string(kRow), *std::move(text)}});
  const std::uint32_t selected[] = {static_cast<std::uint32_t>(row)};
  types::add_to(refused.wanted, changes.upserts.take(selected));
  return refuse(identity, row, std::move(refused), std::move(why));
}

base::Status Bisect::refuse(const types::Batch& keys, std::size_t row, protocol::RefusedRow refused,
                            base::Error why) {
  if (!table_.parks) return why;
  bytes_ += refused.row.size();
  why = without_values(std::move(why));
  if (found_.size() == protocol::kMostRefused || bytes_ > protocol::kMostRefusedBytes)
    return protocol::too_many_refused(why);
  if (auto cleared = clear_stages(); !cleared) return cleared;
  has_staged_ = true;
  staged_ += 2;
  auto stored = rows_.stored(connection_, keys, row);
  if (!stored) return std::move(stored).error();
  refused.delivered = *stored;
  refused.id = protocol::row_id(keys, row);
  refused.key = protocol::shown_key(table_, keys, row, refused.id);
  refused.why = std::move(why);
  found_.push_back(std::move(refused));
  return {};
}

base::Result<std::string> Bisect::staged_text(const std::string& sql) {
  auto found = connection_.query(sql);
  if (!found) return std::move(found).error();
  return found->text(0, 0);
}

base::Status Bisect::stage_again(const protocol::RowAgain& row) {
  auto parsed = json::parse(row.row);
  if (!parsed) return std::move(parsed).error().in("a refused row of the ledger");
  const json::Value* upsert = parsed->find(kRow);
  if (upsert != nullptr) {
    auto staged = connection_.query(stage_upsert_text_sql(), {parsed->string_or(kRow)});
    if (!staged) return std::move(staged).error();
    return connection_.execute(upsert_sql(schema_, table_));
  }
  auto staged = connection_.query(stage_delete_text_sql(table_), {parsed->string_or(kKey)});
  if (!staged) return std::move(staged).error();
  const auto nulls = static_cast<std::uint64_t>(parsed->int_or(kNulls));
  return connection_.execute(delete_sql(schema_, table_, nulls));
}

}  // namespace offtake::targets::postgres
