// Whose an object of the server is: a comment on schemas and roles. An object of another installation or
// product is never adopted.
#pragma once
#include <optional>
#include <string>

#include "operators/provision/provisioner.h"
#include "operators/targets/postgres/connection.h"

namespace offtake::provision::external {

// JSON. Retained: left by a product that is no more, and nobody's.
std::string claim_text(const ProductTarget& target, bool retained = false);

enum class Holder { kNobody, kOurs, kOther };
struct Claim {
  Holder holder = Holder::kNobody;
  std::string words;          // "the product retail/x", for messages
  std::string retained_from;  // the product that is no more; empty: not retained
};
base::Result<Claim> schema_claim(targets::postgres::Connection& connection, const std::string& schema,
                                 const ProductTarget& target);
base::Result<Claim> role_claim(targets::postgres::Connection& connection, const std::string& role,
                               const ProductTarget& target);

}  // namespace offtake::provision::external
