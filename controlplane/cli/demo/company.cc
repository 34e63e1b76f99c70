#include "controlplane/cli/demo/company.h"

#include "controlplane/cli/demo/finance.h"
#include "controlplane/cli/demo/retail.h"

namespace offtake::cli::demo {

std::span<const CompanyKind> companies() {
  static constexpr CompanyKind kCompanies[] = {
      {"retail", "a year of customers, orders and payments", 420'000,
       "`offtake apply -f manifests/examples/retail/product.yaml`, a file of the sources, makes data "
       "products of "
       "them",
       [](std::uint64_t seed, std::int64_t events, base::Micros now) -> std::unique_ptr<Company> {
         return std::make_unique<Retail>(seed, RetailSizes::of(events), now);
       }},
      {"finance", "three months of trades with their risk results and books", FinanceSizes{}.total(),
       "`offtake apply -f manifests/examples/finance/product.yaml`, a file of the sources, makes a data "
       "product "
       "of them",
       [](std::uint64_t seed, std::int64_t events, base::Micros now) -> std::unique_ptr<Company> {
         return std::make_unique<Finance>(seed, FinanceSizes::of(events), now);
       }}};
  return kCompanies;
}

}  // namespace offtake::cli::demo
