#include "operators/targets/postgres/publish.h"

#include "base/crash_point.h"
#include "operators/targets/postgres/dependants.h"
#include "operators/targets/postgres/table_sql.h"
#include "operators/targets/protocol/ownership.h"
#include "operators/targets/protocol/table_layout.h"

namespace offtake::targets::postgres {
namespace {

constexpr int kAttempts = 3;
constexpr int kPatienceMs = 1'000;  // then we look who holds the lock; the server gives up after two seconds

class Swap {
 public:
  Swap(WriterSession& session, const TableSpec& table, Connection& connection)
      : session_(session), table_(table), connection_(connection) {}

  base::Result<SwapResult> run() {
    auto done = in_transaction();
    if (!done && done.error().code == "ViewHasDependants") {
      result_.swapped = false;
      result_.blocked_by = done.error().message;
      return result_;
    }
    if (!done && done.error().code == "TargetLocked") {
      if (blocked_by_.empty())
        return base::transient("SwapBlocked", "a lock for the swap was not had in 2 s");
      result_.swapped = false;
      result_.blocked_by = blocked_by_;
      return result_;
    }
    if (!done) return std::move(done).error();
    return result_;
  }

 private:
  base::Status in_transaction() {
    Transaction transaction(connection_);
    if (auto begun = transaction.begin(); !begun) return begun;
    if (auto set = connection_.execute("SET LOCAL lock_timeout = '2s'"); !set) return set;
    // The current revision's row first, then ours: the same order for everyone.
    const std::string control = in_schema(session_.schema(), protocol::kControlTable);
    auto locked =
        watched(fmt::format("SELECT 1 FROM {} WHERE phase = 'Current' AND revision <> {} FOR UPDATE", control,
                            session_.revision()));
    if (!locked) return locked;
    locked =
        watched(fmt::format("SELECT 1 FROM {} WHERE revision = {} FOR UPDATE", control, session_.revision()));
    if (!locked) return locked;
    auto next = session_.owned_row(connection_, RowLock::kUpdate);
    if (!next) return std::move(next).error();
    result_.epoch = next->epoch;
    result_.swapped = next->phase == Phase::kCurrent;
    if (result_.swapped) return {};
    auto rows = read_controls(connection_, session_.schema(), session_.product_uid());
    if (!rows) return std::move(rows).error();
    for (ControlRow& current : *rows) {
      if (current.phase != Phase::kCurrent) continue;
      if (!protocol::may_replace(*next, current)) {
        result_.behind = true;
        return {};
      }
      next->epoch = std::max(next->epoch, current.epoch);
      current.phase = Phase::kFenced;
      current.owner.clear();
      if (auto fenced = write_control(connection_, session_.schema(), current); !fenced) return fenced;
    }
    ++next->epoch;
    next->phase = Phase::kCurrent;
    if (auto written = write_control(connection_, session_.schema(), *next); !written) return written;
    if (auto pointed = repoint_view(); !pointed) return pointed;
    base::crash_point("before-swap-commit");
    if (auto committed = transaction.commit(); !committed) return committed;
    base::crash_point("after-swap-commit");
    result_.swapped = true;
    result_.epoch = next->epoch;
    return {};
  }

  // Runs a statement that may wait for a lock; while it waits, notes who holds it.
  base::Status watched(const std::string& sql) {
    return connection_.execute_watched(sql, kPatienceMs, [this] {
      auto observer = Connection::open(settings_of(session_.target(), "offtake observer"));
      if (!observer) return;
      auto found = (*observer)->query(
          "SELECT pid, coalesce(usename, ''), coalesce(nullif(left(query, 200), '<insufficient privilege>'), "
          "'(a query that this role may not see)') FROM pg_stat_activity WHERE pid = "
          "ANY(pg_blocking_pids($1)) ORDER BY pid LIMIT 1",
          {std::to_string(connection_.backend_pid())});
      if (!found || found->empty()) return;
      blocked_by_ = fmt::format("pid {} of {}: {}", found->text(0, 0), found->text(0, 1), found->text(0, 2));
    });
  }

  base::Status repoint_view() {
    const std::string view = in_schema(session_.schema(), table_.name);
    const std::string select = view_select_sql(session_.schema(), table_);
    if (auto saved = connection_.execute("SAVEPOINT before_view"); !saved) return saved;
    auto replaced = watched(fmt::format("CREATE OR REPLACE VIEW {} AS {}", view, select));
    // 42P16: a column was dropped, retyped or moved. Then a new view takes over the old one's grants.
    if (!replaced && replaced.error().detail.starts_with("SQLSTATE 42P16")) {
      if (auto back = connection_.execute("ROLLBACK TO SAVEPOINT before_view"); !back) return back;
      // Nothing of others is taken along: this revision waits, and the one before goes on serving.
      auto dependants = dependants_of(connection_, session_.schema(), table_.name);
      if (!dependants) return std::move(dependants).error();
      if (!dependants->empty()) {
        return base::transient(
            "ViewHasDependants",
            fmt::format("the view {} has to be dropped, as a column was removed, retyped or "
                        "moved, but it is used by {}",
                        table_.name, listed(*dependants)));
      }
      auto grants = grants_of(view);
      if (!grants) return std::move(grants).error();
      if (auto dropped = watched("DROP VIEW " + view); !dropped) return dropped;
      replaced = watched(fmt::format("CREATE VIEW {} AS {}", view, select));
      for (const auto& grant : *grants) {
        if (replaced) replaced = connection_.execute(grant);
      }
    }
    if (!replaced || session_.target().reader_role.empty()) return replaced;
    return connection_.execute(
        fmt::format("GRANT SELECT ON {} TO {}", view, protocol::quote_name(session_.target().reader_role)));
  }

  // The statements that give the view's rights again, except its owner's.
  base::Result<std::vector<std::string>> grants_of(const std::string& view) {
    auto found = connection_.query(
        "SELECT a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END, "
        "CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END FROM pg_class c, "
        "aclexplode(c.relacl) a "
        "LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE c.oid = to_regclass($1) AND a.grantee <> c.relowner",
        {view});
    if (!found) return std::move(found).error();
    std::vector<std::string> out;
    for (std::size_t i = 0; i < found->rows.size(); ++i) {
      out.push_back(fmt::format("GRANT {} ON {} TO {}{}", found->text(i, 0), view, found->text(i, 1),
                                found->text(i, 2)));
    }
    return out;
  }

  WriterSession& session_;
  const TableSpec& table_;
  Connection& connection_;
  SwapResult result_;
  std::string blocked_by_;
};

}  // namespace

base::Result<SwapResult> swap_in(WriterSession& session, const TableSpec& table) {
  for (int tried = 1;; ++tried) {
    auto connection = session.connection();
    if (!connection) return std::move(connection).error();
    auto result = Swap(session, table, **connection).run();
    // A lost COMMIT: the next attempt finds the phase as it became.
    if (result || (*connection)->alive() || tried == kAttempts) return result;
  }
}

}  // namespace offtake::targets::postgres
