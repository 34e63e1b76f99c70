#include "operators/provision/opensearch/claims.h"

#include "base/json/value.h"

namespace offtake::provision::opensearch {
namespace {

constexpr const char* kId = "claim";

std::string claim_text(const ProductTarget& target, bool retained) {
  json::Value out = json::Value::object();
  out.set("installation", target.installation);
  if (retained) out.set("retained", true);
  if (!retained) out.set("productUid", target.product_uid);
  out.set("product", target.product_namespace + "/" + target.product);
  return json::dump(out);
}

}  // namespace

base::Result<Claim> read_claim(targets::opensearch::ControlIndex& control, const ProductTarget& target) {
  auto text = control.read_document(kId);
  if (!text) return std::move(text).error();
  if (text->empty()) return Claim{};
  auto mark = json::parse(*text);
  if (!mark) return std::move(mark).error();
  const std::string product = mark->string_or("product", "of an unknown name");
  Claim claim{Holder::kOther, fmt::format("the product {}", product), ""};
  if (mark->bool_or("retained")) claim.retained_from = product;
  const bool same_installation = mark->string_or("installation") == target.installation;
  if (!same_installation) claim.words += " of another Offtake installation";
  if (same_installation && mark->string_or("productUid") == target.product_uid) claim.holder = Holder::kOurs;
  return claim;
}

base::Status make_claim(targets::opensearch::ControlIndex& control, const ProductTarget& target) {
  auto made = control.write_document(kId, "claim", claim_text(target, false), false);
  if (!made && made.error().code == targets::intent::kConflict) return {};
  return made;
}

base::Status mark_retained(targets::opensearch::ControlIndex& control, const ProductTarget& target) {
  return control.write_document(kId, "claim", claim_text(target, true), true);
}

}  // namespace offtake::provision::opensearch
