// DataProduct: what a user asks for: a SQL query over datasets, how much history, and a target. Namespaced.
#pragma once
#include "controlplane/resources/dataset.h"
#include "controlplane/resources/meta.h"
#include "operators/plan/sent_changes.h"

namespace offtake::resources {

// Now | Beginning | a duration before the product's first plan | an instant.
struct HistoryFrom {
  enum class Kind { kNow, kBeginning, kDuration, kInstant };
  Kind kind = Kind::kBeginning;
  Duration duration;  // of kDuration
  Instant instant;    // of kInstant
  static base::Result<HistoryFrom> parse(std::string_view text);
  std::string text() const;
  bool operator==(const HistoryFrom&) const = default;
};

// keep All, whenMissing Fail: all that this version has; the rest is refused by name.
struct History {
  HistoryFrom from;
};

struct TargetIndex {
  std::string name;
  std::vector<std::string> columns;
};
// How a receiver is sent CloudEvents.
enum class EventFormat { kBinary, kStructured };
template <>
struct EnumText<EventFormat> {
  static constexpr std::array<std::pair<EventFormat, std::string_view>, 2> values{
      {{EventFormat::kBinary, "Binary"}, {EventFormat::kStructured, "Structured"}}};
};
struct HttpTarget {  // of engines whose receiver is at a URL
  std::string url;   // empty: the class's
  EventFormat format = EventFormat::kBinary;
  // In the product's namespace: token, or username and password; signingKey.
  std::optional<SecretRef> auth_secret_ref;
  std::optional<SecretKeyRef> ca_secret_ref;
  std::string response_dataset_name;  // in the product's namespace
};
struct EnvironmentVariable {  // exactly one of the last two
  std::string name;
  std::optional<std::string> value;
  std::optional<SecretKeyRef> secret_key_ref;  // in the product's namespace
};
struct FunctionTarget {  // of engines whose receiver is a command
  std::string image;     // in a cluster: what it runs in
  std::vector<std::string> command;
  std::vector<EnvironmentVariable> env;
  std::optional<Duration> idle_timeout;
  std::optional<Quantity> memory;
  std::string response_dataset_name;
};
struct ProductTarget {
  std::string class_name;        // empty: the default class, see status.className
  std::string name;              // table; empty: the product's name with _ for -
  std::vector<std::string> key;  // empty: inferred
  std::vector<TargetIndex> indexes;
  std::optional<HttpTarget> http;
  std::optional<FunctionTarget> function;
};

enum class Verify { kChecksum, kNone };
template <>
struct EnumText<Verify> {
  static constexpr std::array<std::pair<Verify, std::string_view>, 2> values{
      {{Verify::kChecksum, "Checksum"}, {Verify::kNone, "None"}}};
};
struct Rollout {  // keepPrevious None: all that this version has
  Verify verify = Verify::kChecksum;
};

enum class RunnerType { kAuto, kInProcess, kProcess, kKubernetes };
template <>
struct EnumText<RunnerType> {
  static constexpr std::array<std::pair<RunnerType, std::string_view>, 4> values{
      {{RunnerType::kAuto, "Auto"},
       {RunnerType::kInProcess, "InProcess"},
       {RunnerType::kProcess, "Process"},
       {RunnerType::kKubernetes, "Kubernetes"}}};
};
struct RunnerSpec {
  RunnerType type = RunnerType::kAuto;
  std::optional<std::int64_t> threads;
  std::optional<Quantity> memory;  // bytes
};

template <>
struct EnumText<plan::SentChanges> {
  static constexpr std::array<std::pair<plan::SentChanges, std::string_view>, 2> values{
      {{plan::SentChanges::kCreated, "Created"}, {plan::SentChanges::kAll, "All"}}};
};
struct DeliveryRetry {
  std::optional<std::int64_t> max_attempts;
  std::optional<Duration> max_delay;
};
enum class ErrorPolicy { kPark, kStop };
template <>
struct EnumText<ErrorPolicy> {
  static constexpr std::array<std::pair<ErrorPolicy, std::string_view>, 2> values{
      {{ErrorPolicy::kPark, "Park"}, {ErrorPolicy::kStop, "Stop"}}};
};
struct Delivery {
  // The default is written into the object when it is created: those of earlier versions hold Stop.
  ErrorPolicy error_policy = ErrorPolicy::kPark;
  std::optional<plan::SentChanges> changes;
  std::optional<std::int64_t> max_in_flight;
  std::optional<Duration> answer_timeout;
  DeliveryRetry retry;
};

struct DataProductSpec {
  std::string owner;
  std::string description;
  std::string sql;
  History history;
  ProductTarget target;
  Delivery delivery;
  Rollout rollout;
  RunnerSpec runner;
  Duration freshness{60'000'000};
  std::optional<bool> paused;  // no default: `offtake pause` owns it
  DeletionPolicy deletion_policy = DeletionPolicy::kDelete;
};

struct RevisionStatus {
  std::optional<std::int64_t> current;  // the one that readers see
  std::optional<std::int64_t> previous;
  std::optional<std::int64_t> filling;  // N+1 while it fills beside N
  std::string spec_hash;
};
struct SourceStatus {
  std::string namespace_name;
  std::string name;
  std::optional<std::int64_t> schema_version;
  std::optional<std::int64_t> columns;  // how many are read
};
struct BackfillStatus {
  std::optional<std::int64_t> percent;
  std::optional<std::int64_t> rows_read;
  std::optional<std::int64_t> rows_total;
  std::optional<Instant> start_time;
  std::optional<Instant> completion_time;
};
struct VerificationStatus {
  std::optional<std::int64_t> rows;
  std::string checksum;
  std::optional<Instant> check_time;
};
struct EndpointStatus {
  std::string type;
  std::string address;
  std::string object;
};
struct BindingStatus {
  std::string name;  // Secret with type host port database username password uri
};

struct DataProductStatus {
  std::optional<std::int64_t> observed_generation;
  Conditions conditions;
  std::optional<RevisionStatus> revision;
  std::optional<Instant> start_time;  // what history.from was resolved to, once
  std::string history_from;           // the history.from that start_time answers
  std::string class_name;             // chosen once, never re-chosen
  std::vector<SourceStatus> sources;
  std::optional<BackfillStatus> backfill;
  std::optional<std::int64_t> parked_records;
  std::string guarantee;  // ExactlyOnce | EffectivelyOnce | AtLeastOnce
  std::optional<VerificationStatus> verification;
  std::optional<EndpointStatus> endpoint;
  std::optional<BindingStatus> binding;
};

struct DataProduct {
  ObjectMeta metadata;
  DataProductSpec spec;
  DataProductStatus status;

  bool paused() const { return spec.paused.value_or(false); }
  std::string target_name() const;  // spec.target.name, or the product's name with _ for -
};

}  // namespace offtake::resources
