#include "operators/targets/traits.h"

namespace offtake::targets {

std::string_view to_string(Guarantee guarantee) {
  switch (guarantee) {
    case Guarantee::kExactlyOnce:
      return "ExactlyOnce";
    case Guarantee::kEffectivelyOnce:
      return "EffectivelyOnce";
    case Guarantee::kAtLeastOnce:
      break;
  }
  return "AtLeastOnce";
}

std::string_view reason_of(const TargetTraits& traits) {
  switch (traits.commit) {
    case CommitKind::kTransaction:
      return "rows and offsets are committed in one transaction of the target";
    case CommitKind::kLog:
      return "records and offsets are committed in one transaction of the log, for readers of committed "
             "records";
    case CommitKind::kIntent:
      break;
  }
  return traits.pushed ? "an epoch that was cut short is sent again with the same ids, by which the receiver "
                         "can tell"
                       : "an epoch that was cut short is written again with the same content and versions; "
                         "while it is written, each key shows its value before or after it";
}

}  // namespace offtake::targets
