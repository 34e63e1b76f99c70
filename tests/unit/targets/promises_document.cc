#include "promises_document.h"

#include "conformance.h"
#include "operators/targets/target.h"

namespace offtake::targets_test {
namespace {

using targets::CommitKind;
using targets::TargetTraits;

std::string keys(const TargetTraits& traits) {
  if (traits.checks_keys_at_load && traits.checks_keys_live) return "refused, while loading and live";
  if (traits.checks_keys_at_load) return "refused while loading; live watched by the engine alone";
  return "watched by the engine alone";
}

std::string_view late_writers(const TargetTraits& traits) {
  switch (traits.commit) {
    case CommitKind::kTransaction:
      return "its transaction is ended, its next one refused";
    case CommitKind::kLog:
      return "its transaction is aborted";
    case CommitKind::kIntent:
      break;
  }
  return traits.pushed ? "its next control record is refused"
                       : "its next control document is refused, its rows replace nothing newer";
}

std::string_view keyless(const TargetTraits& traits) {
  if (traits.bags) return "kept apart";
  return traits.appends ? "appended, where a query filters and projects one Event dataset; else refused"
                        : "refused";
}

std::string_view content(const TargetTraits& traits) {
  if (traits.pushed) return "never pushed";
  return traits.proves ? "counted and hashed in the target before it is published" : "not compared";
}

}  // namespace

std::string promises_document() {
  std::string out =
      "| Engine | Promise | An epoch | Content at the cut | Rows without a key | A second row of a key | A "
      "writer that was taken over |\n|---|---|---|---|---|---|---|\n";
  std::vector<std::string_view> compared;
  for (const auto name : targets::engine_names()) {
    const TargetTraits& traits = targets::find_engine(name)->traits;
    if (!traits.pushed) compared.push_back(name);
    out +=
        fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", name, to_string(traits.guarantee),
                    reason_of(traits), content(traits), keyless(traits), keys(traits), late_writers(traits));
  }
  return out +
         "\n- **ExactlyOnce**: whatever is killed, the target holds each change once. **EffectivelyOnce**: "
         "changes may be\n"
         "  written again, with the same result. **AtLeastOnce**: a receiver may see a message again, with "
         "the "
         "same id.\n"
         "- *Content at the cut* is `rollout.verify: Checksum`.\n\n"
         "## Where rows can be read\n\n" +
         conformance_table(compared);
}

}  // namespace offtake::targets_test
