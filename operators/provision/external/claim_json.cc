#include "base/json/value.h"
#include "operators/provision/external/claim.h"

namespace offtake::provision::external {
namespace {

base::Result<Claim> claim_of(targets::postgres::Connection& connection, const char* sql,
                             const std::string& name, const ProductTarget& target) {
  auto found = connection.query(sql, {name});
  if (!found) return std::move(found).error();
  if (found->empty()) return Claim{};
  Claim claim{Holder::kOther, "something that is not Offtake's", ""};
  const auto comment = json::parse(found->text(0, 0));
  if (!comment || !comment->is_object()) return claim;
  const json::Value& mark = (*comment)["offtake"];
  if (!mark.is_object()) return claim;
  const std::string product = mark.string_or("product", "of an unknown name");
  claim.words = fmt::format("the product {}", product);
  if (mark.bool_or("retained")) claim.retained_from = product;
  const bool same_installation = mark.string_or("installation") == target.installation;
  if (!same_installation) claim.words += " of another Offtake installation";
  if (same_installation && mark.string_or("productUid") == target.product_uid) claim.holder = Holder::kOurs;
  return claim;
}

}  // namespace

std::string claim_text(const ProductTarget& target, bool retained) {
  json::Value mark = json::Value::object();
  mark.set("installation", target.installation);
  if (retained) mark.set("retained", true);
  if (!retained) mark.set("productUid", target.product_uid);
  mark.set("product", target.product_namespace + "/" + target.product);
  json::Value out = json::Value::object();
  out.set("offtake", std::move(mark));
  return json::dump(out);
}

base::Result<Claim> schema_claim(targets::postgres::Connection& connection, const std::string& schema,
                                 const ProductTarget& target) {
  return claim_of(connection,
                  "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", schema,
                  target);
}

base::Result<Claim> role_claim(targets::postgres::Connection& connection, const std::string& role,
                               const ProductTarget& target) {
  return claim_of(connection, "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = $1",
                  role, target);
}

}  // namespace offtake::provision::external
