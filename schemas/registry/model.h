// What a schema registry holds. Plain data.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace offtake::registry {

struct Reference {
  std::string name;  // how the referring schema calls it: a type's full name
  std::string subject;
  int version = 0;
  friend bool operator==(const Reference&, const Reference&) = default;
};

// What makes a schema itself: schemas with equal content have one id.
struct Content {
  std::string type = "AVRO";
  std::string text;
  std::vector<Reference> references;
  std::string metadata;  // JSON text as given; empty: none
  std::string rule_set;
  friend bool operator==(const Content&, const Content&) = default;
};

// One version of a subject.
struct Registered {
  std::string subject;
  int version = 0;
  int id = 0;
  Content content;
  bool deleted = false;  // softly
};

enum class Level {
  kNone,
  kBackward,
  kBackwardTransitive,
  kForward,
  kForwardTransitive,
  kFull,
  kFullTransitive,
};
const char* level_name(Level level);  // "BACKWARD_TRANSITIVE"
std::optional<Level> parse_level(std::string_view name);

enum class Mode { kReadWrite, kReadOnly, kReadOnlyOverride, kImport };
const char* mode_name(Mode mode);
std::optional<Mode> parse_mode(std::string_view name);

inline constexpr int kLatest = -1;

// Subjects may live in a context, an id space of its own: ":.test:orders". Others are in ".".
std::string context_of(std::string_view subject);  // ".test"
// ":.:orders" is "orders".
std::string normal_subject(std::string_view subject);

}  // namespace offtake::registry
