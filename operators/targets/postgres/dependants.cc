#include "operators/targets/postgres/dependants.h"

#include "operators/targets/postgres/control.h"

namespace offtake::targets::postgres {

base::Result<std::vector<std::string>> dependants_of(Connection& connection, const std::string& schema,
                                                     const std::string& view) {
  // On the view itself, or on its row type. A view depends by its rule, which is named as the view it is of;
  // the public view's own rule and type do not count.
  auto found = connection.query(
      "SELECT DISTINCT coalesce(pg_describe_object('pg_class'::regclass, r.ev_class, 0), "
      "pg_describe_object(d.classid, d.objid, 0)) "
      "FROM pg_class v JOIN pg_type t ON t.oid = v.reltype "
      "JOIN pg_depend d ON (d.refclassid = 'pg_class'::regclass AND d.refobjid = v.oid) "
      "OR (d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)) "
      "LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid "
      "WHERE v.oid = to_regclass($1) AND d.deptype IN ('n', 'a') AND r.ev_class IS DISTINCT FROM v.oid "
      "ORDER BY 1 LIMIT 11",
      {in_schema(schema, view)});
  if (!found) return std::move(found).error();
  std::vector<std::string> out;
  for (std::size_t i = 0; i < found->rows.size(); ++i) out.push_back(found->text(i, 0));
  return out;
}

std::string listed(const std::vector<std::string>& dependants) {
  constexpr std::size_t kNamed = 10;
  std::string out;
  for (std::size_t i = 0; i < dependants.size() && i < kNamed; ++i)
    out += (i == 0 ? "" : ", ") + dependants[i];
  return dependants.size() > kNamed ? out + " and more" : out;
}

}  // namespace offtake::targets::postgres
