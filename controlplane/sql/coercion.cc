#include "controlplane/sql/coercion.h"

#include <algorithm>

namespace offtake::sql {
namespace {

using enum types::TypeId;
using plan::CastKind;
using types::Type;
using types::TypeId;

// PostgreSQL's type categories, and the type that each prefers.
char category(TypeId id) {
  if (types::is_numeric(id)) return 'N';
  switch (id) {
    case kBoolean:
      return 'B';
    case kText:
      return 'S';
    case kDate:
    case kTime:
    case kTimestamp:
    case kTimestampTz:
      return 'D';
    case kInterval:
      return 'T';
    case kArray:
      return 'A';
    default:
      return 'U';
  }
}

bool is_preferred(TypeId id) {
  return id == kBoolean || id == kFloat8 || id == kText || id == kTimestampTz || id == kInterval;
}

bool is_implicit(TypeId from, TypeId to) {
  return plan::cast_kind(Type(from), Type(to)) == CastKind::kImplicit;
}

// The two sides of an operator, where one of them is unknown, are first taken to be of one type.
bool matches_exactly(const plan::Signature& signature, const std::vector<Bound>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    TypeId id = arguments[i].type().id;
    if (arguments[i].unknown && arguments.size() == 2 && !arguments[1 - i].unknown) {
      id = arguments[1 - i].type().id;
    } else if (arguments[i].unknown) {
      return false;
    }
    if (signature.arguments[i] != id) return false;
  }
  return true;
}

// Keeps those with the highest score.
template <class Score>
void keep_best(std::vector<const plan::Signature*>& candidates, Score score) {
  int best = 0;
  for (const plan::Signature* candidate : candidates) best = std::max(best, score(*candidate));
  std::erase_if(candidates, [&](const plan::Signature* candidate) { return score(*candidate) < best; });
}

// What an unknown literal may become: text if any overload takes it, else the category that all agree on.
bool decide_unknown(std::vector<const plan::Signature*>& candidates, const std::vector<Bound>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].unknown) continue;
    bool text = false, agree = true, preferred = false;
    for (const plan::Signature* candidate : candidates) {
      text = text || category(candidate->arguments[i]) == 'S';
      agree = agree && category(candidate->arguments[i]) == category(candidates.front()->arguments[i]);
    }
    if (!text && !agree) return false;
    const char wanted = text ? 'S' : category(candidates.front()->arguments[i]);
    std::erase_if(candidates, [&](const plan::Signature* candidate) {
      return category(candidate->arguments[i]) != wanted;
    });
    for (const plan::Signature* candidate : candidates) {
      preferred = preferred || is_preferred(candidate->arguments[i]);
    }
    if (!preferred) continue;
    std::erase_if(candidates,
                  [&](const plan::Signature* candidate) { return !is_preferred(candidate->arguments[i]); });
  }
  return true;
}

// If all known arguments have one type, the unknown ones may be of that type, too.
void take_unknown_as_known(std::vector<const plan::Signature*>& candidates,
                           const std::vector<Bound>& arguments) {
  std::optional<TypeId> known;
  for (const Bound& argument : arguments) {
    if (argument.unknown) continue;
    if (known && *known != argument.type().id) return;
    known = argument.type().id;
  }
  if (!known) return;
  std::erase_if(candidates, [&](const plan::Signature* candidate) {
    for (TypeId taken : candidate->arguments) {
      if (taken != *known && !is_implicit(*known, taken)) return true;
    }
    return false;
  });
}

}  // namespace

std::string type_name(const Bound& value) {
  return value.unknown ? std::string("unknown") : types::to_string(value.type());
}

Bound coerce(Problems& problems, Bound value, const Type& type, CastKind allowed, int byte) {
  if (!value) return {};
  if (value.unknown) {
    const auto& text = std::get<plan::Literal>(value.expression->node).value;
    types::Datum datum = types::Datum::null(type);
    if (!text.is_null()) {
      auto parsed = types::Datum::parse(type, text.to_text());
      if (!parsed) return problems.fail("InvalidLiteral", parsed.error().message, value.expression->position);
      datum = *std::move(parsed);
    }
    auto made = std::make_shared<plan::Expression>(*plan::literal(std::move(datum)));
    made->position = value.expression->position;
    return {made};
  }
  if (value.type() == type) return value;
  const CastKind kind = plan::cast_kind(value.type(), type);
  if (kind < allowed || kind == CastKind::kNone) {
    return problems.fail("TypeMismatch",
                         fmt::format("cannot cast type {} to {}", type_name(value), types::to_string(type)),
                         byte);
  }
  const bool nullable = value.expression->nullable;
  return {std::make_shared<const plan::Expression>(
      plan::Expression{plan::Cast{std::move(value.expression)}, type, nullable, byte})};
}

Bound settle(Problems& problems, Bound value) {
  if (!value || !value.unknown) return value;
  return coerce(problems, std::move(value), Type(kText), CastKind::kImplicit, -1);
}

std::optional<Type> common_type(Problems& problems, const std::vector<Bound>& values, std::string_view what,
                                int byte) {
  std::optional<Type> best;
  for (const Bound& value : values) {
    if (value.unknown) continue;
    const Type& type = value.type();
    if (!best || *best == type) {
      best = type;
    } else if (best->id == type.id) {
      best = Type(type.id);  // numeric(10,2) and numeric(5,1): numeric
    } else if (category(best->id) != category(type.id)) {
      problems.fail("TypeMismatch",
                    fmt::format("{} types {} and {} cannot be matched", what, types::to_string(*best),
                                types::to_string(type)),
                    value.expression->position >= 0 ? value.expression->position : byte,
                    "CAST one of them to the other's type");
      return std::nullopt;
    } else if (!is_preferred(best->id) && is_implicit(best->id, type.id) && !is_implicit(type.id, best->id)) {
      best = type;
    }
  }
  return best ? best : Type(kText);
}

std::optional<Type> comparable_type(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.id == b.id)
    return types::is_nested(a.id) && a.id != kJsonb ? std::nullopt : std::optional(Type(a.id));
  if (types::is_numeric(a.id) && types::is_numeric(b.id)) {
    const auto either = [&](TypeId id) { return a.id == id || b.id == id; };
    if (either(kFloat4) || either(kFloat8)) return Type(kFloat8);
    return Type(either(kNumeric) ? kNumeric : kInt8);
  }
  if (category(a.id) != category(b.id)) return std::nullopt;
  if (is_implicit(a.id, b.id)) return Type(b.id);
  if (is_implicit(b.id, a.id)) return Type(a.id);
  return std::nullopt;
}

const plan::Signature* choose_overload(std::string_view name, const std::vector<Bound>& arguments,
                                       bool& ambiguous) {
  ambiguous = false;
  std::vector<const plan::Signature*> candidates;
  for (const plan::Signature& signature : plan::all_signatures()) {
    if (signature.name != name || signature.arguments.size() != arguments.size()) continue;
    if (matches_exactly(signature, arguments)) return &signature;
    bool possible = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      possible =
          possible && (arguments[i].unknown || is_implicit(arguments[i].type().id, signature.arguments[i]));
    }
    if (possible) candidates.push_back(&signature);
  }
  const auto exact = [&](const plan::Signature& signature) {
    int count = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      count += !arguments[i].unknown && arguments[i].type().id == signature.arguments[i];
    }
    return count;
  };
  const auto preferred = [&](const plan::Signature& signature) {
    int count = 0;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (arguments[i].unknown) continue;
      const TypeId given = arguments[i].type().id, taken = signature.arguments[i];
      count += given == taken || (is_preferred(taken) && category(given) == category(taken));
    }
    return count;
  };
  if (candidates.size() > 1) keep_best(candidates, exact);
  if (candidates.size() > 1) keep_best(candidates, preferred);
  if (candidates.size() > 1) {
    const auto before = candidates;
    if (!decide_unknown(candidates, arguments) || candidates.size() != 1) {
      candidates = before;
      take_unknown_as_known(candidates, arguments);
    }
  }
  ambiguous = candidates.size() > 1;
  return candidates.size() == 1 ? candidates.front() : nullptr;
}

}  // namespace offtake::sql
