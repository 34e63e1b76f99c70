#include "controlplane/resources/tables.h"

namespace offtake::resources {
namespace {

bool is_duration(std::string_view text) {
  return Duration::parse(text).ok();
}

}  // namespace

base::Result<HistoryFrom> HistoryFrom::parse(std::string_view text) {
  HistoryFrom out;
  if (text == "Beginning") return out;
  if (text == "Now") {
    out.kind = Kind::kNow;
    return out;
  }
  if (auto duration = Duration::parse(text)) {
    out.kind = Kind::kDuration;
    out.duration = *duration;
    return out;
  }
  if (auto instant = Instant::parse(text)) {
    out.kind = Kind::kInstant;
    out.instant = *instant;
    return out;
  }
  return base::terminal("BadHistory", fmt::format("'{}' is no start of a history", text))
      .with_hint(
          "write Beginning, Now, a duration such as 90d or 1h30m, or an instant such as "
          "2026-08-25T00:00:00Z");
}

std::string HistoryFrom::text() const {
  switch (kind) {
    case Kind::kNow:
      return "Now";
    case Kind::kDuration:
      return duration.text();
    case Kind::kInstant:
      return instant.text();
    case Kind::kBeginning:
      break;
  }
  return "Beginning";
}

std::string DataProduct::target_name() const {
  if (!spec.target.name.empty()) return spec.target.name;
  std::string out = metadata.name;
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

template <>
const ObjectType& table<History>() {
  static const ObjectType type =
      Table<History>("History", "How much of the past is loaded")
          .field("from", &History::from, "Beginning, Now, a duration before now, or an instant",
                 default_to("Beginning"), at_most(40))
          .plain("keep", FieldKind::kString, "Whether rows leave again", one_of({"All"}),
                 not_yet({"Rolling"}), default_to("All"))
          .plain("whenMissing", FieldKind::kString, "What happens where less history exists",
                 one_of({"Fail"}), not_yet({"Shorten"}), default_to("Fail"))
          .unavailable({"to"})
          .done();
  return type;
}

template <>
const ObjectType& table<TargetIndex>() {
  static const ObjectType type =
      Table<TargetIndex>("TargetIndex", "An index of the target")
          .field("name", &TargetIndex::name, "Its name", required(), like(kLabelName), at_most(48))
          .field("columns", &TargetIndex::columns, "Columns, in order", required(), between(1, 16),
                 each(like(kColumnName)))
          .done();
  return type;
}

template <>
const ObjectType& table<HttpTarget>() {
  static const ObjectType type =
      Table<HttpTarget>("HttpTarget", "A receiver at a URL")
          .field("url", &HttpTarget::url,
                 "Where messages are sent: at the class's host; absent: the class's url", like(kHttpUrl),
                 at_most(2048))
          .field("format", &HttpTarget::format, "CloudEvents with attributes as headers, or as one document",
                 default_to("Binary"))
          .field("authSecretRef", &HttpTarget::auth_secret_ref,
                 "Secret in the product's namespace: token (bearer), or username and password; signingKey "
                 "(HMAC-SHA256)")
          .field("caSecretRef", &HttpTarget::ca_secret_ref, "PEM of the certificate authority")
          .field("responseDatasetName", &HttpTarget::response_dataset_name,
                 "Event dataset in the product's namespace that CloudEvents in answers are written to",
                 like(kLabelName), at_most(63), refers_to("Dataset"))
          .done();
  return type;
}

template <>
const ObjectType& table<EnvironmentVariable>() {
  static const ObjectType type =
      Table<EnvironmentVariable>("EnvironmentVariable", "A variable of a function's environment")
          .field("name", &EnvironmentVariable::name, "Its name", required(), like(kVariableName),
                 at_most(128))
          .field("value", &EnvironmentVariable::value, "Its value", at_most(32 << 10))
          .field("secretKeyRef", &EnvironmentVariable::secret_key_ref,
                 "A key of a Secret in the product's namespace")
          .exactly_one({"value", "secretKeyRef"})
          .done();
  return type;
}

template <>
const ObjectType& table<FunctionTarget>() {
  static const ObjectType type =
      Table<FunctionTarget>(
          "FunctionTarget",
          "A command that answers HTTP on $PORT: one of this machine that is started when it is "
          "called, or in a cluster an image")
          .field("image", &FunctionTarget::image,
                 "In a cluster: the container image. It runs as a Deployment with a Service in the product's "
                 "namespace",
                 at_most(512))
          .field("command", &FunctionTarget::command,
                 "The program and its arguments; with an image by default the image's own", between(1, 64),
                 each(at_most(4096)))
          .field("env", &FunctionTarget::env, "Its environment; nothing else is passed on", at_most(128),
                 map_list({"name"}))
          .field("idleTimeout", &FunctionTarget::idle_timeout,
                 "Stopped when it was not called for so long; absent: 5m")
          .field("memory", &FunctionTarget::memory, "Resident memory; above it is killed; absent: 512Mi",
                 between(16 << 20, std::int64_t{1} << 40))
          .field("responseDatasetName", &FunctionTarget::response_dataset_name,
                 "Event dataset in the product's namespace that CloudEvents in answers are written to",
                 like(kLabelName), at_most(63), refers_to("Dataset"))
          .done();
  return type;
}

template <>
const ObjectType& table<ProductTarget>() {
  static const ObjectType type =
      Table<ProductTarget>("ProductTarget", "Where the result lands")
          .field("className", &ProductTarget::class_name, "Target class; absent: the default one",
                 immutable(), like(kSubdomainName), refers_to("TargetClass"))
          .field("name", &ProductTarget::name, "Table; absent: the product's name with _ for -", immutable(),
                 like(kTargetName))
          .field("key", &ProductTarget::key, "Key columns, in order; absent: inferred", between(1, 16),
                 each(like(kColumnName)))
          .field("indexes", &ProductTarget::indexes, "Further indexes", at_most(32), map_list({"name"}))
          .field("http", &ProductTarget::http, "Of classes whose receiver is at a URL")
          .field("function", &ProductTarget::function, "Of classes whose receiver is a command")
          .unavailable({"files"})
          .done();
  return type;
}

template <>
const ObjectType& table<Rollout>() {
  static const ObjectType type = Table<Rollout>("Rollout", "How a new revision takes over")
                                     .plain("keepPrevious", FieldKind::kString,
                                            "How long the revision before stays; None: dropped at the swap",
                                            one_of({"None"}), not_yet_where(is_duration), default_to("None"))
                                     .field("verify", &Rollout::verify, "What is compared before the swap",
                                            not_yet({"Count"}), default_to("Checksum"))
                                     .done();
  return type;
}

template <>
const ObjectType& table<RunnerSpec>() {
  static const ObjectType type =
      Table<RunnerSpec>("RunnerSpec", "Where the product's worker runs")
          .field("type", &RunnerSpec::type, "Auto chooses by event store", not_yet({"Flink"}),
                 default_to("Auto"))
          .field("threads", &RunnerSpec::threads, "Threads of the worker", between(1, 64))
          .field("memory", &RunnerSpec::memory, "Memory of the worker; beyond it, it stalls",
                 between(64 << 20, std::int64_t{1} << 40))
          .done();
  return type;
}

template <>
const ObjectType& table<DeliveryRetry>() {
  static const ObjectType type =
      Table<DeliveryRetry>("DeliveryRetry", "What becomes of a message that a receiver does not take")
          .field("maxAttempts", &DeliveryRetry::max_attempts,
                 "Tries in all, then its key is parked; absent: 12", between(1, 1000))
          .field("maxDelay", &DeliveryRetry::max_delay, "Between two tries of a key; absent: 5m")
          .done();
  return type;
}

template <>
const ObjectType& table<Delivery>() {
  static const ObjectType type =
      Table<Delivery>("Delivery", "How changes reach the target")
          .field("errorPolicy", &Delivery::error_policy,
                 "What a bad record does: Park leaves it out and lists it, Stop stalls the product",
                 default_to("Park"))
          .plain("emit", FieldKind::kString, "Changes as they come", one_of({"Changes"}), not_yet({"Final"}),
                 default_to("Changes"))
          .field("changes", &Delivery::changes,
                 "What a receiver is sent: each key once, or every change; absent: as the plan says")
          .field("maxInFlight", &Delivery::max_in_flight,
                 "Messages without an answer that a receiver has at a time; absent: 64", between(1, 10'000))
          .field("answerTimeout", &Delivery::answer_timeout,
                 "How long a receiver may take to answer a message; absent: 30s")
          .field("retry", &Delivery::retry, "What becomes of a message that a receiver does not take")
          .unavailable({"maxAge", "grace"})
          .done();
  return type;
}

template <>
const ObjectType& table<DataProductSpec>() {
  static const ObjectType type =
      Table<DataProductSpec>("DataProductSpec", "What is asked for")
          .field("owner", &DataProductSpec::owner, "Who answers for it", at_most(253))
          .field("description", &DataProductSpec::description, "What one row means", at_most(4096))
          .field("sql", &DataProductSpec::sql, "The query", required(), between(1, 64 << 10))
          .field("history", &DataProductSpec::history, "How much of the past is loaded",
                 default_to(json::Value::object()))
          .field("target", &DataProductSpec::target, "Where the result lands",
                 default_to(json::Value::object()))
          .field("delivery", &DataProductSpec::delivery, "How changes reach the target",
                 default_to(json::Value::object()))
          .field("rollout", &DataProductSpec::rollout, "How a new revision takes over",
                 default_to(json::Value::object()))
          .field("runner", &DataProductSpec::runner, "Where the worker runs",
                 default_to(json::Value::object()))
          .field("freshness", &DataProductSpec::freshness, "Lag above which Fresh is False",
                 default_to("60s"))
          .field("paused", &DataProductSpec::paused, "Whether the flow stands still")
          .field("deletionPolicy", &DataProductSpec::deletion_policy,
                 "Whether the target goes with the product", default_to("Delete"))
          .unavailable({"expireAfter"})
          .done();
  return type;
}

}  // namespace offtake::resources
