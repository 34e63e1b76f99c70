// From a DataProduct to what would be done for it: schemas looked up, SQL compiled, history resolved, and the
// job of a worker. Reads resources, registries and event stores; changes nothing. Used by the reconciler and
// by `plan`.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controlplane/platform/platform.h"
#include "controlplane/resources/data_product.h"
#include "controlplane/resources/dataset.h"
#include "controlplane/sql/compile.h"
#include "operators/worker/job.h"

namespace offtake::planning {

// Objects that are about to be sent with the product: they count as present.
struct Overlay {
  std::vector<json::Value> objects;
  // Of those that were sent and do not count: why, for who looks for one that is not stored either.
  struct Refused {
    const resources::Kind* kind;
    std::string namespace_name, name;
    base::Error why;
  };
  std::vector<Refused> refused = {};

  const json::Value* find(const resources::Kind& kind, std::string_view namespace_name,
                          std::string_view name) const;
  const base::Error* why_refused(const resources::Kind& kind, std::string_view namespace_name,
                                 std::string_view name) const;
};

// One dataset of the draft, as `plan` shows it.
struct SourceDraft {
  sql::DatasetUse use;
  std::string topic;
  int schema_version = 0;
  std::size_t columns_total = 0;
  std::int64_t records = 0;  // that the fill would read
  std::int64_t bytes = 0;    // about; when DraftInput::measure
  bool rereadable = true;    // nothing that was read before has been removed from the topic since
  std::vector<std::string> notes;
};

struct Draft {
  // What is wrong: nothing can be done until the product (or what it names) changes. Located.
  std::vector<base::Error> errors;
  // What is missing or does not answer: waited for. `stage` is the condition that says so.
  struct Waiting {
    std::string stage;  // SchemasResolved, Planned, Provisioned
    base::Error error;
  };
  std::vector<Waiting> waiting;
  std::vector<std::string> warnings;

  std::optional<resources::TargetClass> target_class;
  std::vector<SourceDraft> sources;
  base::Micros start_instant = 0;  // what history.from resolves to; 0: none
  std::string explain;
  // Complete but for: revision, target connection, fingerprint. Only when ok().
  worker::Job job;
  std::map<std::string, std::string> secret_files;  // for the worker: folder/name -> content

  // Of targets whose rows are records: the schemas, registered before the first of them, and where.
  struct Records {
    resources::EventStore store;
    targets::RecordSchemas schemas;
  };
  std::optional<Records> records;

  // Where one is pushed to: where its state is kept. The receiver is in job.target.
  std::optional<resources::EventStore> state_store;
  std::optional<plan::DefaultChanges> changes;  // what a receiver is sent, and why; where one is pushed to

  bool ok() const { return errors.empty() && waiting.empty(); }
};

struct DraftInput {
  const resources::DataProduct& product;
  const Overlay* overlay = nullptr;
  base::Micros now = 0;
  // Where an earlier revision began its windowed datasets ("namespace/name"; empty: at the earliest record):
  // history is resolved once per product. Whether they still are in the topic is not asked again.
  std::map<std::string, sources::OffsetVector> kept_starts;
  std::string kept_store = {};  // of an earlier revision's state, where it is on an event store
  // Estimates bytes, which reads a few records of every topic.
  bool measure = false;
};

// The windowed datasets of a job, as kept_starts wants them.
std::map<std::string, sources::OffsetVector> starts_of(const worker::Job& job);

// RunnerNotAvailable (terminal): the embedded event store is read by threads of the server alone.
base::Status check_runner(const resources::DataProduct& product, bool embedded_store, bool in_cluster);

Draft draft(const DraftInput& input, store::ResourceClient& resources, platform::Platform& platform);

// The digest of what a revision depends on in the spec; equal digests mean the same pipeline.
std::string spec_hash(const resources::DataProduct& product);

// The class a product uses: the one it was given before (status), the named one, else the default. Waiting
// errors: ClassMissing, NoDefaultClass, and for a product that was not given it yet ClassFull;
// ClassNotAllowed is terminal.
base::Result<resources::TargetClass> find_class(const resources::DataProduct& product, const Overlay* overlay,
                                                store::ResourceClient& resources);

// Whether the product may still read every dataset it names that exists; AccessDenied names the owner.
base::Status check_access(const resources::DataProduct& product, const Overlay* overlay,
                          store::ResourceClient& resources);

}  // namespace offtake::planning
