// One dataset as a draft needs it: the resource, its store, its schema and its topic.
#pragma once
#include <map>
#include <memory>

#include "controlplane/planning/draft.h"
#include "controlplane/planning/lookup.h"

namespace offtake::planning {

struct DatasetFacts {
  resources::Dataset dataset;
  resources::EventStore store_resource;
  std::shared_ptr<sources::EventStore> store;
  registry::SchemaVersion schema;
  int key_schema_id = 0;
  std::string key_schema;  // Avro text, when record keys are Avro
  sql::DatasetSchema shape;
};

// Looks datasets up, each once. One thread at a time.
class DatasetLookup {
 public:
  // `product`: who reads; lives as long as this.
  DatasetLookup(const Overlay* overlay, store::ResourceClient& resources, platform::Platform& platform,
                const resources::DataProduct& product)
      : overlay_(overlay), resources_(resources), platform_(platform), product_(product) {}

  // Waiting: DatasetMissing, StoreMissing, SubjectMissing, or a registry that does not answer. Terminal:
  // AccessDenied, BadAvroSchema.
  base::Result<sql::DatasetSchema> schema(const sql::DatasetName& name);
  std::vector<sql::DatasetName> names();
  // REQUIRES: schema(name) succeeded.
  const DatasetFacts& facts(const sql::DatasetName& name) const { return found_.at(name); }

 private:
  base::Result<DatasetFacts> look_up_facts(const sql::DatasetName& name);
  base::Status find_schema(DatasetFacts& facts);
  bool reads_already(const sql::DatasetName& name) const;
  const Overlay* overlay_;
  store::ResourceClient& resources_;
  platform::Platform& platform_;
  const resources::DataProduct& product_;
  std::map<sql::DatasetName, DatasetFacts> found_;
};

// The newest version of a subject; SubjectMissing (waiting) when there is none.
base::Result<registry::SchemaVersion> latest_schema(registry::Client& registry, const std::string& subject);

// What SQL sees of a dataset with these schemas (Avro text; `key_schema` may be empty). Codes BadAvroSchema;
// BadKey and BadEventTime (terminal) where the spec names a column that is not there, or no time;
// SubjectMissing (waiting) where the record keys' schema is needed and not there.
base::Result<sql::DatasetSchema> shape_of(const resources::Dataset& dataset, const std::string& value_schema,
                                          const std::string& key_schema);

// How its records are read: all but where reading starts.
worker::SourceSpec source_spec(const DatasetFacts& facts);

// The subject of a topic's record keys.
std::string key_subject(const resources::Dataset& dataset);

// Whether the topic suits the dataset's type; terminal TopicNotSuitable says why not, TopicMissing is
// waiting.
base::Status check_topic(const resources::Dataset& dataset, sources::EventStore& store);

}  // namespace offtake::planning
