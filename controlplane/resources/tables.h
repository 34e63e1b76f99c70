// The tables that every kind's table uses.
#pragma once
#include "controlplane/resources/kind.h"
#include "controlplane/resources/table.h"

namespace offtake::resources {

// The root of a kind: apiVersion, kind, metadata; then .field("spec", …), .field("status", …).
template <class S>
Table<S> root_table(std::string name, std::string doc) {
  Table<S> out(std::move(name), std::move(doc));
  out.plain("apiVersion", FieldKind::kString, "Group and version of the schema of this object", required());
  out.plain("kind", FieldKind::kString, "What this object is", required());
  out.field("metadata", &S::metadata, "Name, labels and what the store keeps about the object", required());
  return out;
}

// `.status.conditions[Ready].status` and the like, as every kind of ours shows them.
PrinterColumn ready_column();
PrinterColumn status_column();  // the reason of Ready
PrinterColumn age_column();

}  // namespace offtake::resources
