#include "controlplane/planning/draft.h"

#include <algorithm>

#include "controlplane/planning/cycles.h"
#include "controlplane/planning/dataset_facts.h"
#include "controlplane/planning/derived.h"
#include "controlplane/planning/history.h"
#include "controlplane/planning/measure.h"
#include "controlplane/planning/receiver.h"
#include "operators/plan/classified.h"

namespace offtake::planning {
namespace {

constexpr std::string_view kSchemasResolved = resources::condition::kSchemasResolved;
constexpr std::string_view kPlanned = resources::condition::kPlanned;
constexpr std::string_view kProvisioned = resources::condition::kProvisioned;

class Drafting {
 public:
  Drafting(const DraftInput& input, store::ResourceClient& resources, platform::Platform& platform)
      : in_(input),
        product_(input.product),
        resources_(resources),
        platform_(platform),
        datasets_(input.overlay, resources, platform, input.product) {}

  Draft run() {
    choose_class();
    if (auto fine = check_cycle(product_, in_.overlay, resources_); !fine) {
      add(std::move(fine).error(), kPlanned);
      return std::move(out_);
    }
    compile();
    if (out_.ok() || (compiled_.ok() && only_class_waits())) {
      for (std::size_t i = 0; i < compiled_.datasets.size(); ++i) add_source(i);
      check_target();
    }
    if (out_.ok()) fill_job();
    if (out_.ok()) check_records();
    if (out_.ok()) check_receiver();
    return std::move(out_);
  }

 private:
  // Files an error where it belongs: waited for, or wrong.
  void add(base::Error error, std::string_view stage) {
    if (error.retry == base::Retry::kWaiting || error.retry == base::Retry::kTransient) {
      out_.waiting.push_back({std::string(stage), std::move(error)});
    } else {
      out_.errors.push_back(std::move(error));
    }
  }

  bool only_class_waits() const {
    return out_.errors.empty() && std::all_of(out_.waiting.begin(), out_.waiting.end(),
                                              [](const auto& w) { return w.stage == kProvisioned; });
  }

  void choose_class() {
    auto found = find_class(product_, in_.overlay, resources_);
    if (found) {
      out_.target_class = *std::move(found);
      return;
    }
    base::Error error = std::move(found).error();
    if (error.location.field.empty()) error.location.field = "spec.target.className";
    add(std::move(error), kProvisioned);
  }

  void compile() {
    out_.start_instant = start_instant(product_, in_.now);
    sql::CompileInput input;
    input.sql = product_.spec.sql;
    input.default_namespace = product_.metadata.namespace_name;
    input.catalog.schema = [this](const sql::DatasetName& name) { return datasets_.schema(name); };
    input.catalog.names = [this] { return datasets_.names(); };
    if (!product_.spec.target.key.empty()) input.declared_key = product_.spec.target.key;
    if (out_.start_instant != 0) input.history_start_us = out_.start_instant;
    compiled_ = sql::compile(input);
    for (auto& error : compiled_.errors) add(std::move(error), kPlanned);
    for (auto& missing : compiled_.missing)
      out_.waiting.push_back({std::string(kSchemasResolved), missing.error});
    for (auto& warning : compiled_.warnings) out_.warnings.push_back(std::move(warning));
    if (compiled_.ok()) out_.explain = plan::explain(compiled_.plan);
  }

  // The topic, the history and the job's view of one dataset.
  void add_source(std::size_t index) {
    const sql::DatasetUse& use = compiled_.datasets[index];
    const DatasetFacts& facts = datasets_.facts(use.id);
    SourceDraft source;
    source.use = use;
    source.topic = facts.dataset.spec.source.topic;
    source.schema_version = facts.schema.version;
    source.columns_total = facts.shape.columns.size();
    auto store = platform_.event_store(facts.store_resource);
    if (!store) return add(std::move(store).error(), kPlanned);
    if (auto suits = check_topic(facts.dataset, **store); !suits) {
      if (suits.error().code == "TopicMissing" && facts.dataset.spec.source.topic_config) {
        // It is made when the dataset is reconciled.
        source.notes.push_back("topic " + source.topic + " will be created");
        if (in_.overlay != nullptr) {
          out_.sources.push_back(std::move(source));
          return;
        }
      }
      out_.sources.push_back(std::move(source));
      return add(std::move(suits).error(), kPlanned);
    }
    worker::SourceSpec spec = source_spec(facts);
    auto bounds = (*store)->bounds(source.topic);
    if (!bounds) return add(std::move(bounds).error(), kPlanned);
    if (use.windowed) {
      const auto earlier = in_.kept_starts.find(dataset_key(use.id));
      if (earlier != in_.kept_starts.end() && is_within(earlier->second, *bounds)) {
        spec.start = earlier->second;
      } else {
        if (auto kept = check_kept(out_.start_instant, in_.now, facts.dataset, **store); !kept) {
          out_.sources.push_back(std::move(source));
          return add(std::move(kept).error(), kPlanned);
        }
        auto offsets = start_offsets(product_.spec.history.from, out_.start_instant, facts.dataset, **store);
        if (!offsets) return add(std::move(offsets).error(), kPlanned);
        spec.start = *std::move(offsets);
      }
    }
    for (const auto& [partition, bound] : *bounds) {
      const auto start = spec.start.find(partition);
      const auto from = start == spec.start.end() ? bound.earliest : std::max(bound.earliest, start->second);
      source.records += std::max<std::int64_t>(0, bound.last_stable - from);
    }
    source.rereadable = is_rereadable(**store, source, *bounds, dataset_key(use.id));
    if (in_.measure) {
      // How much it is, is no reason to stop.
      if (auto bytes = estimate_bytes(**store, source.topic, source.records)) source.bytes = *bytes;
    }
    out_.sources.push_back(std::move(source));
    out_.job.sources.push_back(std::move(spec));
    add_store(facts.store_resource);
    check_runner(facts.store_resource);
  }

  void check_runner(const resources::EventStore& store) {
    if (auto fine = planning::check_runner(product_, store.spec.embedded.has_value(),
                                           platform_.settings().in_cluster);
        !fine) {
      const auto said = [&](const base::Error& error) { return error.text() == fine.error().text(); };
      if (std::none_of(out_.errors.begin(), out_.errors.end(), said)) add(fine.error(), kPlanned);
    }
  }

  // Offsets past the end are those of a topic that was replaced since.
  static bool is_within(const sources::OffsetVector& starts,
                        const std::map<int, sources::PartitionBounds>& bounds) {
    return std::all_of(starts.begin(), starts.end(), [&](const auto& start) {
      const auto bound = bounds.find(start.first);
      return bound != bounds.end() && start.second <= bound->second.high_watermark;
    });
  }

  // Whether a state that is lost could be read again.
  bool is_rereadable(sources::EventStore& store, const SourceDraft& source,
                     const std::map<int, sources::PartitionBounds>& bounds,
                     const std::string& dataset) const {
    auto topic = store.describe(source.topic);
    if (topic && topic->cleanup != sources::CleanupPolicy::kDelete && !topic->kept_whole) return false;
    const auto earlier = in_.kept_starts.find(dataset);
    if (earlier == in_.kept_starts.end()) return true;
    return std::all_of(bounds.begin(), bounds.end(), [&](const auto& entry) {
      const auto start = earlier->second.find(entry.first);
      return start == earlier->second.end() || start->second >= entry.second.earliest;
    });
  }

  static std::string dataset_key(const sql::DatasetName& id) { return id.dataset_namespace + "/" + id.name; }

  void add_store(const resources::EventStore& store) {
    for (const auto& known : out_.job.stores) {
      if (known.name == store.metadata.name) return;
    }
    auto spec = platform_.worker_store(store, out_.secret_files);
    if (!spec) return add(std::move(spec).error(), kPlanned);
    out_.job.stores.push_back(*std::move(spec));
  }

  // What the target's engine can carry.
  void check_target() {
    if (!out_.target_class) return;
    const auto* engine = targets::find_engine(out_.target_class->spec.engine);
    if (engine == nullptr) {
      return add(
          base::terminal("TargetNotAvailable", fmt::format("engine {} is not available in this version",
                                                           out_.target_class->spec.engine)),
          kPlanned);
    }
    const auto& columns = compiled_.plan.root->output;
    const auto refuse = [&](base::Error error, const char* field) {
      if (error.location.field.empty()) error.location.field = field;
      add(std::move(error), kPlanned);
    };
    if (auto fine = engine->check_name(product_.target_name()); !fine)
      refuse(std::move(fine).error(), "spec.target.name");
    for (const auto& column : columns) {
      if (auto fine = engine->check_name(column.name); !fine) refuse(std::move(fine).error(), "spec.sql");
      if (auto type = engine->column_type(column.type); !type) {
        refuse(std::move(type).error().in(fmt::format("column {}", column.name)), "spec.sql");
      }
    }
    check_delivery(engine->traits);
    targets::TableSpec table;
    table.name = product_.target_name();
    table.columns = columns;
    table.identity = compiled_.plan.identity;
    if (out_.changes) table.push = push_spec(product_, out_.changes->changes);
    if (auto fine = engine->check_table(table); !fine) refuse(std::move(fine).error(), "spec.sql");
    for (std::size_t i = 0; i < product_.spec.target.indexes.size(); ++i) {
      const auto& index = product_.spec.target.indexes[i];
      for (const auto& name : index.columns) {
        const bool known =
            std::any_of(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
        if (known) continue;
        base::Error error = base::terminal(
            "UnknownColumn",
            fmt::format("index {} names column {}, which the query does not have", index.name, name));
        error.location.field = fmt::format("spec.target.indexes[{}].columns", i);
        add(std::move(error), kPlanned);
      }
    }
  }

  // What only receivers are told of, and which changes those get.
  void check_delivery(const targets::TargetTraits& traits) {
    const resources::Delivery& delivery = product_.spec.delivery;
    if (!traits.pushed) {
      const char* field = delivery.changes                                          ? "changes"
                          : delivery.max_in_flight                                  ? "maxInFlight"
                          : delivery.answer_timeout                                 ? "answerTimeout"
                          : delivery.retry.max_attempts || delivery.retry.max_delay ? "retry"
                                                                                    : nullptr;
      if (field == nullptr) return;
      base::Error error = base::terminal(
          "DeliveryNotPushed", fmt::format("engine {} keeps the product's rows as they are; {} says how a "
                                           "receiver is sent their changes",
                                           out_.target_class->spec.engine, field));
      error.location.field = fmt::format("spec.delivery.{}", field);
      return add(std::move(error).with_hint("leave it out, or name a class that is pushed to"), kPlanned);
    }
    out_.changes = plan::default_changes(compiled_.plan);
    if (delivery.changes) out_.changes = {*delivery.changes, "spec.delivery.changes says so"};
  }

  // Of a target on an event store: what its records look like, and whether their readers go on.
  void check_records() {
    const auto* engine = targets::find_engine(out_.target_class->spec.engine);
    if (engine->record_schemas == nullptr) return;
    auto store = store_of_class(*out_.target_class, in_.overlay, resources_);
    if (!store) return add(std::move(store).error(), kProvisioned);
    if (!store->has_value()) return;
    auto schemas = engine->record_schemas(out_.job.table);
    if (!schemas) return add(std::move(schemas).error(), kPlanned);
    std::vector<std::string> key;
    for (const int column : out_.job.table.identity.key) {
      key.push_back(out_.job.table.columns[static_cast<std::size_t>(column)].name);
    }
    if (auto fine = check_dataset(product_, key, resources_); !fine)
      return add(std::move(fine).error(), kPlanned);
    add_store(**store);
    check_runner(**store);
    out_.records = Draft::Records{**store, *std::move(schemas)};
    check_readers();
  }

  // Of a product that is sent to a receiver: how that is reached, and where its own state is.
  void check_receiver() {
    if (!is_pushed(*out_.target_class)) {
      const char* field = product_.spec.target.http       ? "spec.target.http"
                          : product_.spec.target.function ? "spec.target.function"
                                                          : nullptr;
      if (field == nullptr) return;
      base::Error error = base::terminal(
          "TargetMismatch", fmt::format("class {} (engine {}) keeps the product's rows itself",
                                        out_.target_class->metadata.name, out_.target_class->spec.engine));
      error.location.field = field;
      return add(std::move(error).with_hint("leave it out, or name a class that is pushed to"), kPlanned);
    }
    auto state = state_store(product_, in_.kept_store, in_.overlay, resources_);
    if (!state) return add(std::move(state).error(), kProvisioned);
    auto receiver = receiver_of(product_, *out_.target_class, *state, in_.overlay, resources_, platform_);
    if (!receiver) return add(std::move(receiver).error(), kPlanned);
    out_.job.target.receiver = std::move(receiver->receiver);
    out_.secret_files.merge(receiver->secret_files);
    add_store(*state);
    check_runner(*state);
    out_.state_store = *std::move(state);
  }

  // The registry's word, by the subject's own rule.
  void check_readers() {
    auto registry = platform_.registry_of(out_.records->store);
    if (!registry) return add(std::move(registry).error(), kPlanned);
    const std::string topic = product_.metadata.namespace_name + "." + product_.target_name();
    for (const auto& [subject, text] : {std::pair(topic + "-value", out_.records->schemas.value),
                                        std::pair(topic + "-key", out_.records->schemas.key)}) {
      if (text.empty()) continue;
      auto conflicts = (*registry)->conflicts(subject, text);
      if (!conflicts && conflicts.error().retry == base::Retry::kWaiting) continue;  // nothing there yet
      if (!conflicts) return add(std::move(conflicts).error(), kPlanned);
      if (conflicts->empty()) continue;
      base::Error error = base::terminal(
          "SchemaIncompatible", fmt::format("the new columns would break readers of topic {}: {}", topic,
                                            fmt::join(*conflicts, "; ")));
      error.location.field = "spec.sql";
      add(std::move(error).with_hint("keep the columns' types, or make another product"), kPlanned);
    }
  }

  void fill_job() {
    worker::Job& job = out_.job;
    job.installation = platform_.settings().installation;
    job.product_uid = product_.metadata.uid;
    job.product_namespace = product_.metadata.namespace_name;
    job.product = product_.metadata.name;
    job.spec_hash = spec_hash(product_);
    job.start_instant = out_.start_instant;
    job.plan = compiled_.plan;
    job.table.name = product_.target_name();
    job.table.columns = job.plan.root->output;
    job.table.identity = job.plan.identity;
    job.table.classified = plan::classified_names(job.plan);
    for (const auto& index : product_.spec.target.indexes)
      job.table.indexes.push_back({index.name, index.columns});
    if (out_.changes) job.table.push = push_spec(product_, out_.changes->changes);
    job.parks = product_.spec.delivery.error_policy == resources::ErrorPolicy::kPark;
    job.verify = product_.spec.rollout.verify != resources::Verify::kNone;
  }

  const DraftInput& in_;
  const resources::DataProduct& product_;
  store::ResourceClient& resources_;
  platform::Platform& platform_;
  DatasetLookup datasets_;
  sql::Compiled compiled_;
  Draft out_;
};

}  // namespace

base::Status check_runner(const resources::DataProduct& product, bool embedded_store, bool in_cluster) {
  using Type = resources::RunnerType;
  const Type type = product.spec.runner.type;
  const auto refused = [](std::string message, std::string hint) {
    base::Error error = base::terminal("RunnerNotAvailable", std::move(message));
    error.location.field = "spec.runner.type";
    return std::move(error).with_hint(std::move(hint));
  };
  if (in_cluster && (type == Type::kInProcess || type == Type::kProcess)) {
    return refused(
        fmt::format("`{}` is not available in a cluster, where workers are pods", resources::text_of(type)),
        "write Auto or Kubernetes");
  }
  if (!in_cluster && type == Type::kKubernetes) {
    return refused(
        "`Kubernetes` is not available under `offtake serve`: only the operator in a cluster runs pods",
        embedded_store ? "write Auto or InProcess" : "write Auto or Process");
  }
  if (embedded_store && type == Type::kProcess) {
    return refused(
        "`Process` is not available over the embedded event store, which only the server's own "
        "process may open",
        "write Auto or InProcess");
  }
  return {};
}

std::map<std::string, sources::OffsetVector> starts_of(const worker::Job& job) {
  std::map<std::string, sources::OffsetVector> out;
  for (std::size_t i = 0; i < job.sources.size(); ++i) {
    if (job.plan.sources[i].windowed) out[job.sources[i].dataset] = job.sources[i].start;
  }
  return out;
}

Draft draft(const DraftInput& input, store::ResourceClient& resources, platform::Platform& platform) {
  return Drafting(input, resources, platform).run();
}

}  // namespace offtake::planning
