#include "controlplane/resources/tables.h"

namespace offtake::resources {

template <>
const ObjectType& table<RevisionStatus>() {
  static const ObjectType type =
      Table<RevisionStatus>("RevisionStatus", "Versions of the pipeline and of what it filled")
          .field("current", &RevisionStatus::current, "The one that readers see")
          .field("previous", &RevisionStatus::previous, "The one before, while it is kept")
          .field("filling", &RevisionStatus::filling, "The one that is being filled")
          .field("specHash", &RevisionStatus::spec_hash, "Digest of the spec it is built from", at_most(64))
          .done();
  return type;
}

template <>
const ObjectType& table<SourceStatus>() {
  static const ObjectType type =
      Table<SourceStatus>("SourceStatus", "A dataset that is read")
          .field("namespace", &SourceStatus::namespace_name, "Its namespace", required(), at_most(63))
          .field("name", &SourceStatus::name, "Its name", required(), at_most(253))
          .field("schemaVersion", &SourceStatus::schema_version, "The version that the plan knows")
          .field("columns", &SourceStatus::columns, "How many of its columns are read")
          .done();
  return type;
}

template <>
const ObjectType& table<BackfillStatus>() {
  static const ObjectType type =
      Table<BackfillStatus>("BackfillStatus", "How far the history is loaded")
          .field("percent", &BackfillStatus::percent, "Of the records, in whole points", at_most(100))
          .field("rowsRead", &BackfillStatus::rows_read, "Records read")
          .field("rowsTotal", &BackfillStatus::rows_total, "Records to read")
          .field("startTime", &BackfillStatus::start_time, "When it started")
          .field("completionTime", &BackfillStatus::completion_time, "When it ended")
          .done();
  return type;
}

template <>
const ObjectType& table<VerificationStatus>() {
  static const ObjectType type =
      Table<VerificationStatus>("VerificationStatus", "What was compared before the swap")
          .field("rows", &VerificationStatus::rows, "Rows of the target")
          .field("checksum", &VerificationStatus::checksum, "Checksum over all rows", at_most(64))
          .field("checkTime", &VerificationStatus::check_time, "When")
          .done();
  return type;
}

template <>
const ObjectType& table<EndpointStatus>() {
  static const ObjectType type =
      Table<EndpointStatus>("EndpointStatus", "Where the result is read")
          .field("type", &EndpointStatus::type, "The engine", at_most(63))
          .field("address", &EndpointStatus::address, "The server, or the file", at_most(1024))
          .field("object", &EndpointStatus::object, "The table", at_most(255))
          .done();
  return type;
}

template <>
const ObjectType& table<BindingStatus>() {
  static const ObjectType type =
      Table<BindingStatus>("BindingStatus", "Credentials for readers")
          .field("name", &BindingStatus::name, "The Secret", required(), at_most(253), refers_to("Secret"))
          .done();
  return type;
}

template <>
const ObjectType& table<DataProductStatus>() {
  static const ObjectType type =
      Table<DataProductStatus>("DataProductStatus", "What stands still; moving numbers are in the view API")
          .field("observedGeneration", &DataProductStatus::observed_generation,
                 "The spec that this speaks about")
          .field("conditions", &DataProductStatus::conditions,
                 "Ready, Serving, SchemasResolved, Planned, Provisioned, Backfilled, Fresh, Degraded, "
                 "Reconciling, Stalled",
                 at_most(16), map_list({"type"}))
          .field("revision", &DataProductStatus::revision, "Versions of the pipeline")
          .field("startTime", &DataProductStatus::start_time, "What history.from was resolved to, once")
          .field("historyFrom", &DataProductStatus::history_from, "The history.from that startTime answers",
                 at_most(40))
          .field("className", &DataProductStatus::class_name, "The target class, chosen once", at_most(253))
          .field("sources", &DataProductStatus::sources, "Datasets that are read", at_most(64),
                 map_list({"namespace", "name"}))
          .field("backfill", &DataProductStatus::backfill, "How far the history is loaded")
          .field("parkedRecords", &DataProductStatus::parked_records, "Records that were put aside")
          .field("guarantee", &DataProductStatus::guarantee, "What the target can hold",
                 one_of({"ExactlyOnce", "EffectivelyOnce", "AtLeastOnce"}))
          .field("verification", &DataProductStatus::verification, "What was compared before the swap")
          .field("endpoint", &DataProductStatus::endpoint, "Where the result is read")
          .field("binding", &DataProductStatus::binding, "Credentials for readers")
          .done();
  return type;
}

template <>
const ObjectType& table<DataProduct>() {
  static const ObjectType type =
      root_table<DataProduct>("DataProduct", "A SQL query over datasets, how much history, and a target")
          .field("spec", &DataProduct::spec, "What is asked for", required())
          .field("status", &DataProduct::status, "What stands still")
          .done();
  return type;
}

template <>
const Kind& kind_of<DataProduct>() {
  static const Kind kind{
      std::string(kGroup),
      std::string(kVersion),
      "DataProduct",
      "dataproducts",
      "dataproduct",
      {"product", "products"},
      {"offtake"},
      true,
      true,
      table<DataProduct>().doc,
      {ready_column(),
       status_column(),
       {"Target", "string", ".status.className", 0, "The target class"},
       {"History", "string", ".spec.history.from", 0, "How much of the past is loaded"},
       {"Filled", "integer", ".status.backfill.percent", 0, "Of the history, in percent"},
       {"Parked", "integer", ".status.parkedRecords", 0, "Records that were put aside"},
       age_column(),
       {"Owner", "string", ".spec.owner", 1, "Who answers for it"},
       {"Endpoint", "string", ".status.endpoint.address", 1, "Where the result is read"},
       {"Revision", "integer", ".status.revision.current", 1, "The revision that readers see"},
       {"Message", "string", ".status.conditions[Ready].message", 1, "Why, in a sentence"}},
      &table<DataProduct>(),
      &kLabelName};
  return kind;
}

json::Value pipeline_spec(const DataProduct& product) {
  json::Value spec = write_struct(product.spec);
  for (const char* in_place :
       {"description", "owner", "paused", "freshness", "deletionPolicy", "runner", "rollout"}) {
    spec.erase(in_place);
  }
  if (json::Value* target = spec.find("target")) {
    target->erase("http");
    target->erase("function");
  }
  spec.erase("delivery");
  if (product.spec.delivery.changes) {
    json::Value delivery = json::Value::object();
    delivery.set("changes", text_of(*product.spec.delivery.changes));
    spec.set("delivery", std::move(delivery));
  }
  return spec;
}

}  // namespace offtake::resources
