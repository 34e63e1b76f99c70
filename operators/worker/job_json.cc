#include "base/crypto/crypto.h"
#include "base/json/value.h"
#include "operators/plan/classified.h"
#include "operators/plan/plan_json.h"
#include "operators/targets/control_json.h"
#include "operators/worker/job.h"

namespace offtake::worker {
namespace {

json::Value strings(const std::vector<std::string>& values) {
  json::Value out = json::Value::array();
  for (const auto& value : values) out.push_back(value);
  return out;
}

std::vector<std::string> strings_from(const json::Value& value) {
  std::vector<std::string> out;
  if (!value.is_array()) return out;
  for (const auto& item : value.as_array()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

json::Value to_json(const StoreSpec& store) {
  json::Value out = json::Value::object();
  out.set("name", store.name);
  out.set("kind", store.kind == StoreSpec::Kind::kKafka ? "kafka" : "embedded");
  if (store.kind == StoreSpec::Kind::kKafka) {
    out.set("bootstrapServers", strings(store.bootstrap_servers));
    out.set("tls", store.tls);
    out.set("saslMechanism", store.sasl_mechanism);
    json::Value properties = json::Value::object();
    for (const auto& [name, value] : store.properties) properties.set(name, value);
    out.set("properties", std::move(properties));
    out.set("secretsFolder", store.secrets_folder);
  }
  out.set("registryUrls", strings(store.registry_urls));
  return out;
}

StoreSpec store_from(const json::Value& value) {
  StoreSpec store;
  store.name = value.string_or("name");
  store.kind = value.string_or("kind") == "kafka" ? StoreSpec::Kind::kKafka : StoreSpec::Kind::kEmbedded;
  store.bootstrap_servers = strings_from(value["bootstrapServers"]);
  store.tls = value.bool_or("tls");
  store.sasl_mechanism = value.string_or("saslMechanism");
  if (value["properties"].is_object()) {
    for (const auto& [name, text] : value["properties"].as_object()) {
      if (text.is_string()) store.properties[name] = text.as_string();
    }
  }
  store.secrets_folder = value.string_or("secretsFolder");
  store.registry_urls = strings_from(value["registryUrls"]);
  return store;
}

json::Value to_json(const SchemaText& schema) {
  json::Value out = json::Value::object();
  out.set("id", schema.id);
  out.set("text", schema.text);
  return out;
}

SchemaText schema_from(const json::Value& value) {
  return {static_cast<int>(value.int_or("id")), value.string_or("text")};
}

// The part of a source that rows depend on.
json::Value semantics_of(const SourceSpec& source) {
  json::Value out = json::Value::object();
  out.set("dataset", source.dataset);
  out.set("topic", source.topic);
  out.set("store", source.store);
  out.set("entity", source.entity);
  out.set("keyFormat", source.key_format);
  out.set("keySchema", source.key_schema);
  out.set("keyColumns", strings(source.key_columns));
  out.set("keyFromRecord", source.key_from_record);
  out.set("reader", to_json(source.reader));
  out.set("start", targets::to_json(source.start));
  return out;
}

json::Value to_json(const SourceSpec& source) {
  json::Value out = semantics_of(source);
  json::Value schemas = json::Value::array();
  for (const auto& schema : source.schemas) schemas.push_back(to_json(schema));
  out.set("schemas", std::move(schemas));
  return out;
}

base::Result<SourceSpec> source_from(const json::Value& value) {
  SourceSpec source;
  source.dataset = value.string_or("dataset");
  source.topic = value.string_or("topic");
  source.store = value.string_or("store");
  source.entity = value.bool_or("entity");
  source.key_format = value.string_or("keyFormat");
  source.key_schema = value.string_or("keySchema");
  source.key_columns = strings_from(value["keyColumns"]);
  source.key_from_record = value.bool_or("keyFromRecord");
  source.reader = schema_from(value["reader"]);
  auto start = targets::offsets_from_json(value["start"]);
  if (!start) return std::move(start).error();
  source.start = *std::move(start);
  if (value["schemas"].is_array()) {
    for (const auto& schema : value["schemas"].as_array()) source.schemas.push_back(schema_from(schema));
  }
  return source;
}

json::Value to_json(const targets::ReceiverCommand& command) {
  json::Value out = json::Value::object();
  out.set("argv", strings(command.argv));
  json::Value environment = json::Value::object();
  for (const auto& [name, value] : command.environment) environment.set(name, value);
  out.set("environment", std::move(environment));
  out.set("secrets", strings(command.secrets));
  out.set("idleTimeout", command.idle_timeout);
  out.set("memoryBytes", command.memory_bytes);
  return out;
}

targets::ReceiverCommand command_from(const json::Value& value) {
  targets::ReceiverCommand out;
  out.argv = strings_from(value["argv"]);
  if (value["environment"].is_object()) {
    for (const auto& [name, text] : value["environment"].as_object()) {
      if (text.is_string()) out.environment.emplace_back(name, text.as_string());
    }
  }
  out.secrets = strings_from(value["secrets"]);
  out.idle_timeout = value.int_or("idleTimeout", out.idle_timeout);
  out.memory_bytes = value.int_or("memoryBytes", out.memory_bytes);
  return out;
}

json::Value to_json(const targets::Receiver& receiver) {
  json::Value out = json::Value::object();
  out.set("source", receiver.source);
  out.set("name", receiver.name);
  out.set("url", receiver.url);
  out.set("structured", receiver.structured);
  if (receiver.command) out.set("command", to_json(*receiver.command));
  if (receiver.answers) {
    json::Value answers = json::Value::object();
    answers.set("topic", receiver.answers->topic);
    answers.set("schemaId", receiver.answers->schema_id);
    answers.set("schema", receiver.answers->schema);
    out.set("answers", std::move(answers));
  }
  return out;
}

std::optional<targets::Receiver> receiver_from(const json::Value& value) {
  if (!value.is_object()) return {};
  targets::Receiver out;
  out.source = value.string_or("source");
  out.name = value.string_or("name");
  out.url = value.string_or("url");
  out.structured = value.bool_or("structured");
  if (value["command"].is_object()) out.command = command_from(value["command"]);
  if (const auto& answers = value["answers"]; answers.is_object()) {
    out.answers =
        targets::ReceiverAnswers{answers.string_or("topic"), static_cast<int>(answers.int_or("schemaId")),
                                 answers.string_or("schema")};
  }
  return out;
}

json::Value to_json(const targets::TargetConnection& target) {
  json::Value out = json::Value::object();
  out.set("engine", target.engine);
  if (!target.path.empty()) out.set("path", target.path);
  if (!target.url.empty()) {
    out.set("url", target.url);
    out.set("schema", target.schema);
    out.set("user", target.user);
  }
  if (!target.store.empty()) {
    out.set("store", target.store);
    out.set("topic", target.topic);
  }
  if (!target.parameters.empty()) {
    json::Value parameters = json::Value::object();
    for (const auto& [name, text] : target.parameters) parameters.set(name, text);
    out.set("parameters", std::move(parameters));
  }
  if (target.receiver) out.set("receiver", to_json(*target.receiver));
  if (!target.host.empty()) {
    out.set("host", target.host);
    out.set("port", target.port);
    out.set("database", target.database);
    out.set("schema", target.schema);
    out.set("user", target.user);
    out.set("readerRole", target.reader_role);
    out.set("sslMode", target.ssl_mode);
  }
  return out;
}

targets::TargetConnection connection_from(const json::Value& value) {
  targets::TargetConnection target;
  target.engine = value.string_or("engine");
  target.path = value.string_or("path");
  target.url = value.string_or("url");
  target.store = value.string_or("store");
  target.topic = value.string_or("topic");
  if (const auto& parameters = value["parameters"]; parameters.is_object()) {
    for (const auto& [name, text] : parameters.as_object()) target.parameters[name] = text.as_string();
  }
  target.receiver = receiver_from(value["receiver"]);
  target.host = value.string_or("host");
  target.port = static_cast<int>(value.int_or("port", 5432));
  target.database = value.string_or("database");
  target.schema = value.string_or("schema");
  target.user = value.string_or("user");
  target.reader_role = value.string_or("readerRole");
  target.ssl_mode = value.string_or("sslMode");
  return target;
}

json::Value to_json(const targets::PushSpec& push) {
  json::Value out = json::Value::object();
  out.set("changes", plan::to_string(push.changes));
  out.set("maxInFlight", push.max_in_flight);
  out.set("maxAttempts", push.max_attempts);
  out.set("maxDelay", push.max_delay);
  out.set("answerTimeout", push.answer_timeout);
  return out;
}

std::optional<targets::PushSpec> push_from(const json::Value& value) {
  if (!value.is_object()) return {};
  targets::PushSpec push;
  if (value.string_or("changes") == plan::to_string(plan::SentChanges::kCreated))
    push.changes = plan::SentChanges::kCreated;
  push.max_in_flight = static_cast<int>(value.int_or("maxInFlight", push.max_in_flight));
  push.max_attempts = static_cast<int>(value.int_or("maxAttempts", push.max_attempts));
  push.max_delay = value.int_or("maxDelay", push.max_delay);
  push.answer_timeout = value.int_or("answerTimeout", push.answer_timeout);
  return push;
}

// The table as the plan gives it: columns and identity are the plan's and not repeated.
json::Value to_json(const targets::TableSpec& table) {
  json::Value out = json::Value::object();
  out.set("name", table.name);
  json::Value indexes = json::Value::array();
  for (const auto& index : table.indexes) {
    json::Value item = json::Value::object();
    item.set("name", index.name);
    item.set("columns", strings(index.columns));
    indexes.push_back(std::move(item));
  }
  out.set("indexes", std::move(indexes));
  if (table.schema_ids.value != 0) out.set("valueSchemaId", table.schema_ids.value);
  if (table.schema_ids.key != 0) out.set("keySchemaId", table.schema_ids.key);
  if (table.push) out.set("push", to_json(*table.push));
  return out;
}

json::Value to_json(const Job& job) {
  json::Value out = json::Value::object();
  out.set("format", kJobFormat);
  out.set("installation", job.installation);
  out.set("productUid", job.product_uid);
  out.set("namespace", job.product_namespace);
  out.set("product", job.product);
  out.set("revision", job.revision);
  out.set("specHash", job.spec_hash);
  out.set("fingerprint", job.fingerprint);
  out.set("startInstant", job.start_instant);
  out.set("plan", plan::to_json(job.plan));
  json::Value stores = json::Value::array();
  for (const auto& store : job.stores) stores.push_back(to_json(store));
  out.set("stores", std::move(stores));
  json::Value sources = json::Value::array();
  for (const auto& source : job.sources) sources.push_back(to_json(source));
  out.set("sources", std::move(sources));
  out.set("target", to_json(job.target));
  out.set("targetSecretsFolder", job.target_secrets_folder);
  out.set("table", to_json(job.table));
  out.set("verify", job.verify);
  if (job.parks) out.set("parks", true);
  out.set("threads", job.threads);
  out.set("memoryBytes", job.memory_bytes);
  return out;
}

base::Result<Job> job_from(const json::Value& value) {
  Job job;
  job.installation = value.string_or("installation");
  job.product_uid = value.string_or("productUid");
  job.product_namespace = value.string_or("namespace");
  job.product = value.string_or("product");
  job.revision = static_cast<int>(value.int_or("revision"));
  job.spec_hash = value.string_or("specHash");
  job.fingerprint = value.string_or("fingerprint");
  job.start_instant = value.int_or("startInstant");
  auto plan = plan::plan_from_json(value["plan"]);
  if (!plan) return std::move(plan).error();
  job.plan = *std::move(plan);
  if (value["stores"].is_array()) {
    for (const auto& store : value["stores"].as_array()) job.stores.push_back(store_from(store));
  }
  if (value["sources"].is_array()) {
    for (const auto& item : value["sources"].as_array()) {
      auto source = source_from(item);
      if (!source) return std::move(source).error();
      job.sources.push_back(*std::move(source));
    }
  }
  if (job.sources.size() != job.plan.sources.size()) {
    return base::terminal("BadJob", fmt::format("the job names {} sources, its plan {}", job.sources.size(),
                                                job.plan.sources.size()));
  }
  job.target = connection_from(value["target"]);
  job.target_secrets_folder = value.string_or("targetSecretsFolder");
  job.table.name = value["table"].string_or("name");
  job.table.revision = job.revision;
  job.table.columns = job.plan.root->output;
  job.table.identity = job.plan.identity;
  job.table.schema_ids.value = static_cast<int>(value["table"].int_or("valueSchemaId"));
  job.table.schema_ids.key = static_cast<int>(value["table"].int_or("keySchemaId"));
  job.table.classified = plan::classified_names(job.plan);
  job.table.push = push_from(value["table"]["push"]);
  if (value["table"]["indexes"].is_array()) {
    for (const auto& index : value["table"]["indexes"].as_array()) {
      job.table.indexes.push_back({index.string_or("name"), strings_from(index["columns"])});
    }
  }
  job.verify = value.bool_or("verify", true);
  job.parks = value.bool_or("parks");
  job.threads = static_cast<int>(value.int_or("threads", 1));
  job.memory_bytes = value.int_or("memoryBytes");
  return job;
}

}  // namespace

std::string job_text(const Job& job) {
  return json::dump_canonical(to_json(job));
}

base::Result<Job> parse_job(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return std::move(value).error().in("job file");
  if (value->int_or("format") != kJobFormat) {
    return base::terminal("JobFormat", fmt::format("the job file has format {}, this worker reads format {}",
                                                   value->int_or("format"), kJobFormat));
  }
  auto job = job_from(*value);
  if (!job) return std::move(job).error().in("job file");
  return job;
}

std::string fingerprint_of(const Job& job) {
  json::Value semantics = json::Value::object();
  semantics.set("stateFormat", kStateFormat);
  semantics.set("startInstant", job.start_instant);
  semantics.set("plan", plan::to_json(job.plan));
  json::Value sources = json::Value::array();
  for (const auto& source : job.sources) sources.push_back(semantics_of(source));
  semantics.set("sources", std::move(sources));
  return crypto::sha256_hex(json::dump_canonical(semantics));
}

std::string job_hash(const Job& job) {
  return crypto::sha256_hex(job_text(job));
}

}  // namespace offtake::worker
