// The functions there are: one table from which the binder resolves overloads and the engine its kernels.
// A test checks that every row here has a kernel in the engine and a case against PostgreSQL.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "schemas/types/type.h"

namespace offtake::plan {

struct Signature {
  std::string_view name;
  std::vector<types::TypeId> arguments;
  types::TypeId result;
  bool strict = true;     // NULL in, NULL out
  bool can_fail = false;  // may make an error row
};

std::span<const Signature> all_signatures();
// Exact match; null when there is none.
const Signature* find_signature(std::string_view name, std::span<const types::TypeId> arguments);

enum class Aggregate { kCountAll, kCount, kSum, kMin, kMax, kAvg };
std::string_view to_string(Aggregate aggregate);
// PostgreSQL's result type: sum(int4) bigint, sum(int8) numeric, avg(int) numeric, avg(float8) float8 …
// Code UnsupportedAggregate when the argument has no such aggregate.
base::Result<types::Type> aggregate_type(Aggregate aggregate, const types::Type& argument);

// What PostgreSQL's pg_cast (and its text conversions) allow between two types. A cast to the same type with
// other modifiers is implicit.
enum class CastKind { kNone, kExplicit, kAssignment, kImplicit };
CastKind cast_kind(const types::Type& from, const types::Type& to);
bool cast_can_fail(const types::Type& from, const types::Type& to);

}  // namespace offtake::plan
