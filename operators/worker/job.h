// The job file: everything a worker needs to run one revision, but no secret and no absolute path.
// Canonical JSON, `format: 1`; its SHA-256 is the job hash. The fingerprint covers only what the state and
// the rows depend on (plan, start offsets, schemas' reader side, state format), not threads or memory.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "operators/plan/plan.h"
#include "operators/sources/event_store.h"
#include "operators/targets/target.h"

namespace offtake::worker {

inline constexpr int kJobFormat = 1;
// Of what rows in targets depend on beside the plan: another one is another fingerprint, and a refill.
// Checkpoints have a format of their own (engine::kStateFormat), which costs a replay.
inline constexpr int kStateFormat = 1;

// An event store as the job names it. Credentials are files in <secrets>/<secrets_folder>/
// {username,password,ca.crt}; absent where not needed. Those of its registry are in
// <secrets>/registry-<name>/{username,password,token}.
struct StoreSpec {
  std::string name;
  enum class Kind { kKafka, kEmbedded } kind = Kind::kEmbedded;
  std::vector<std::string> bootstrap_servers;
  bool tls = false;
  std::string sasl_mechanism;
  std::map<std::string, std::string> properties;
  std::string secrets_folder;
  std::vector<std::string> registry_urls;  // where a schema that is not in the job is asked for
};

struct SchemaText {
  int id = 0;
  std::string text;
};

struct SourceSpec {
  std::string dataset;  // "namespace/name"
  std::string store;    // StoreSpec::name
  std::string topic;
  bool entity = false;
  std::string key_format;  // "", Avro, String, Int32, Int64, UUID: how record keys are read ("" = raw bytes)
  std::string key_schema;  // Avro text
  std::vector<std::string> key_columns;  // the declared key
  bool key_from_record = false;          // key columns that the value does not have come from the record key
  SchemaText reader;                     // the version in the plan
  std::vector<SchemaText> schemas;       // every writer schema known at planning time
  sources::OffsetVector start;           // windowed datasets; empty: from the earliest record
};

struct Job {
  std::string installation, product_uid, product_namespace, product;
  int revision = 1;
  std::string spec_hash;
  std::string fingerprint;         // of fingerprint_of(job)
  base::Micros start_instant = 0;  // what history.from was resolved to; 0: none
  plan::Plan plan;
  std::vector<StoreSpec> stores;
  std::vector<SourceSpec> sources;    // as plan.sources
  targets::TargetConnection target;   // without password
  std::string target_secrets_folder;  // {password,ca.crt}
  targets::TableSpec table;
  bool verify = true;  // rollout.verify: Checksum
  bool parks = false;  // delivery.errorPolicy: Park
  int threads = 1;
  std::int64_t memory_bytes = 0;  // 0: no limit
};

std::string job_text(const Job& job);                // canonical
base::Result<Job> parse_job(std::string_view text);  // code BadJob; JobFormat for another format
std::string fingerprint_of(const Job& job);
std::string job_hash(const Job& job);

}  // namespace offtake::worker
