#include "world.h"

#include <algorithm>

#include "base/id.h"
#include "base/json/value.h"
#include "base/log.h"
#include "base/sqlite/database.h"
#include "operators/sources/embedded/store.h"
#include "schemas/avro/columns.h"
#include "schemas/avro/encoder.h"
#include "schemas/avro/framing.h"
#include "schemas/avro/schema.h"

namespace offtake::worker_test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMemoryBytes = 256 << 20;

std::string avro_text(const Stream& stream) {
  return fmt::format(R"({{"type":"record","name":"{}","fields":[{}]}})", stream.dataset, stream.columns);
}

// The embedded log's reader with the network in between.
class TroubledReader : public sources::Reader {
 public:
  TroubledReader(std::unique_ptr<sources::Reader> real, std::shared_ptr<Trouble> trouble)
      : real_(std::move(real)), trouble_(std::move(trouble)) {}
  base::Result<std::optional<sources::RecordBatch>> poll(std::chrono::milliseconds timeout) override {
    if (auto error = trouble_->ask("poll")) return *std::move(error);
    return real_->poll(timeout);
  }
  std::optional<base::Error> away() const override { return trouble_->ask("away"); }
  sources::OffsetVector positions() const override { return real_->positions(); }
  bool finished() const override { return real_->finished(); }
  base::Status add_partition(int partition, sources::Offset from) override {
    return real_->add_partition(partition, from);
  }

 private:
  std::unique_ptr<sources::Reader> real_;
  std::shared_ptr<Trouble> trouble_;
};

class TroubledStore : public sources::EventStore {
 public:
  TroubledStore(std::unique_ptr<sources::EventStore> real, std::shared_ptr<Trouble> trouble)
      : real_(std::move(real)), trouble_(std::move(trouble)) {}
  base::Status ping() override { return real_->ping(); }
  base::Result<sources::TopicDescription> describe(const std::string& topic) override {
    if (auto error = trouble_->ask("describe")) return *std::move(error);
    return real_->describe(topic);
  }
  base::Status create_topic(const sources::TopicSpec& spec) override { return real_->create_topic(spec); }
  base::Status delete_topic(const std::string& topic) override { return real_->delete_topic(topic); }
  base::Result<std::vector<std::string>> list_topics() override { return real_->list_topics(); }
  base::Result<std::map<int, sources::PartitionBounds>> bounds(const std::string& topic) override {
    if (auto error = trouble_->ask("bounds")) return *std::move(error);
    return real_->bounds(topic);
  }
  base::Result<sources::OffsetVector> offsets_for_time(const std::string& topic,
                                                       base::Micros instant) override {
    return real_->offsets_for_time(topic, instant);
  }
  base::Result<std::map<int, std::int64_t>> earliest_timestamps(const std::string& topic) override {
    return real_->earliest_timestamps(topic);
  }
  base::Result<std::unique_ptr<sources::Reader>> read(const std::string& topic,
                                                      const sources::OffsetVector& from,
                                                      const sources::OffsetVector& until,
                                                      const sources::ReadOptions& options) override {
    if (auto error = trouble_->ask("read")) return *std::move(error);
    auto reader = real_->read(topic, from, until, options);
    if (!reader) return reader;
    return std::unique_ptr<sources::Reader>(std::make_unique<TroubledReader>(*std::move(reader), trouble_));
  }
  base::Result<std::vector<sources::WrittenRecord>> append(
      const std::string& topic, std::span<const sources::NewRecord> records) override {
    return real_->append(topic, records);
  }
  base::Result<std::unique_ptr<sources::TransactionalProducer>> open_producer(
      const std::string& id) override {
    return real_->open_producer(id);
  }

 private:
  std::unique_ptr<sources::EventStore> real_;
  std::shared_ptr<Trouble> trouble_;
};

std::vector<types::Field> columns_of(const Stream& stream) {
  return avro::columns_of(must(avro::parse(avro_text(stream)))).fields;
}

}  // namespace

void eventually(const std::function<bool()>& condition, const std::string& what,
                std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("not in time: " << what);
    std::this_thread::sleep_for(5ms);
  }
}

World::World(std::vector<Stream> streams, targets_test::PostgresServer* postgres, bool documents)
    : directory_(must(files::TempDir::make("offtake-worker"))), postgres_(postgres), uid_(base::random_id()) {
  sources::embedded::LogOptions options;
  options.dir = (directory_.path() / "events").string();
  log_ = must(sources::embedded::Log::open(options));
  store_ = std::make_shared<TroubledStore>(sources::embedded::make_store(log_), trouble_);
  for (auto& stream : streams) {
    const std::string name = stream.dataset;
    streams_[name] = std::move(stream);
    make_topic(name);
  }
  provision::ProvisionerSettings settings;
  settings.class_name = "local";
  if (postgres != nullptr) {
    const auto admin = postgres->admin();
    settings.engine = "postgres";
    settings.url = fmt::format("postgresql://{}:{}/{}", admin.host, admin.port, admin.database);
    settings.admin = {{"username", admin.user}, {"password", admin.password}};
  } else {
    settings.engine = "sqlite";
    settings.directory = (directory_.path() / "targets").string();
    must(files::make_dirs(settings.directory, 0700));
  }
  provisioner_ = documents ? targets_test::documents_provisioner((directory_.path() / "documents").string())
                           : must(provision::make_provisioner(settings));
  provision::ProductTarget target;
  target.installation = "test";
  target.product_uid = uid_;
  target.product_namespace = "shop";
  target.product = target.target_name = "result";
  const provision::Credentials credentials{base::random_password(), base::random_password()};
  connection_ = must(provisioner_->ensure(target, credentials)).writer;
  connection_.password = credentials.writer_password;
  must(files::make_dirs(directory_.path() / "state", 0700));
}

World::~World() = default;

void World::make_topic(const std::string& dataset) {
  const Stream& stream = streams_.at(dataset);
  sources::TopicSpec topic;
  topic.topic = stream.dataset;
  topic.partitions = stream.partitions;
  topic.retention_ms = stream.retention_ms;
  topic.cleanup = stream.entity ? sources::CleanupPolicy::kCompact : sources::CleanupPolicy::kDelete;
  must(store_->create_topic(topic));
}

delivery::Source World::source(const std::string& dataset, const worker::Job& job) {
  delivery::Source source;
  source.dataset = "shop/" + dataset;
  source.topic = dataset;
  source.store = store_;
  source.entity = streams_.at(dataset).entity;
  source.make_decoder = [this, dataset, columns = job.plan.sources.front().columns] {
    sources::DecodeSpec spec;
    spec.dataset = "shop/" + dataset;
    spec.topic = dataset;
    spec.entity = streams_.at(dataset).entity;
    spec.columns = columns;
    spec.reader_schema = schema_of(dataset);
    spec.schemas = {{1, schema_of(dataset)}};
    spec.key_format = "String";
    return sources::RecordDecoder::create(spec);
  };
  return source;
}

std::string World::schema_of(const std::string& dataset) const {
  return avro_text(streams_.at(dataset));
}

sources::Offset World::put(const std::string& dataset, const std::string& key, const std::string& json,
                           int partition, int schema_id, std::optional<std::int64_t> timestamp_ms) {
  sources::NewRecord record;
  record.timestamp_ms = timestamp_ms;
  record.key = key;
  record.partition = partition;
  if (!json.empty()) {
    std::string value;
    avro::append_frame(static_cast<std::uint32_t>(schema_id), value);
    must(avro::encode_json(must(avro::parse(schema_of(dataset))).root(), must(json::parse(json)), value));
    record.value = value;
  }
  return must(store_->append(dataset, {&record, 1})).front().offset;
}

void World::put_raw(const std::string& dataset, const std::string& key, const std::string& value,
                    int partition) {
  sources::NewRecord record;
  record.key = key;
  record.value = value;
  record.partition = partition;
  must(store_->append(dataset, {&record, 1}));
}

worker::Job World::job(const std::string& sql, std::vector<std::string> key, int revision) {
  sql::CompileInput input;
  input.sql = sql;
  input.default_namespace = "shop";
  if (!key.empty()) input.declared_key = key;
  input.catalog.schema = [&](const sql::DatasetName& name) -> base::Result<sql::DatasetSchema> {
    const auto found = streams_.find(name.name);
    if (found == streams_.end()) return base::waiting("DatasetMissing", name.name);
    sql::DatasetSchema schema;
    schema.id = name;
    schema.kind = found->second.entity ? plan::SourceUse::Kind::kEntity : plan::SourceUse::Kind::kEvent;
    schema.columns = columns_of(found->second);
    schema.key = found->second.key;
    return schema;
  };
  const auto compiled = sql::compile(input);
  if (!compiled.ok()) {
    FAIL("the SQL of the test: " << (compiled.errors.empty() ? "dataset missing"
                                                             : compiled.errors.front().text()));
  }
  worker::Job job;
  job.installation = "test";
  job.product_uid = uid_;
  job.product_namespace = "shop";
  job.product = "result";
  job.plan = compiled.plan;
  worker::StoreSpec store;
  store.name = "events";
  job.stores = {store};
  for (const auto& use : job.plan.sources) {
    const Stream& stream = streams_.at(use.dataset);
    worker::SourceSpec source;
    source.dataset = "shop/" + use.dataset;
    source.store = "events";
    source.topic = use.dataset;
    source.entity = stream.entity;
    source.key_format = "String";
    source.key_columns = stream.key;
    source.reader = {1, avro_text(stream)};
    source.schemas = {source.reader};
    job.sources.push_back(source);
  }
  job.revision = revision;
  job.target = connection_;
  job.table.name = "result";
  job.table.revision = revision;
  job.table.columns = job.plan.root->output;
  job.table.identity = job.plan.identity;
  job.memory_bytes = kMemoryBytes;
  job.fingerprint = worker::fingerprint_of(job);
  return job;
}

worker::Environment World::environment() {
  worker::Environment environment;
  environment.incarnation = ++incarnation_;
  environment.state_directory = (directory_.path() / "state").string();
  environment.open_store = [this](const worker::StoreSpec&) { return store_; };
  environment.fetch_schema = [](const worker::StoreSpec&, int id) -> base::Result<std::string> {
    return base::terminal("SchemaMissing", fmt::format("no schema {}", id));
  };
  environment.find_engine = targets_test::engine_named;
  environment.resolve_target = [this](const worker::Job&) { return connection_; };
  return environment;
}

std::unique_ptr<targets::Target> World::open_target(const worker::Job& job) {
  return must(targets_test::engine_named(connection_.engine)->open(connection_, job.table, uid_));
}

targets::ControlRow World::control(int revision) {
  worker::Job job;
  job.table.name = "result";
  const auto rows = must(open_target(job)->controls());
  REQUIRE(!rows.empty());
  if (revision == 0) return rows.back();
  for (const auto& row : rows) {
    if (row.revision == revision) return row;
  }
  FAIL("no control row of revision " << revision);
  return {};
}

std::optional<targets::Phase> World::phase(int revision) {
  worker::Job job;
  job.table.name = "result";
  for (const auto& row : must(open_target(job)->controls())) {
    if (row.revision == revision) return row.phase;
  }
  return std::nullopt;
}

std::vector<std::string> World::documents() const {
  std::vector<std::string> out;
  for (const auto& row : targets_test::read_documents(connection_.path, "result").rows) {
    out.push_back(fmt::format("{}", fmt::join(row, "|")));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> World::rows(const std::string& select) {
  std::vector<std::string> out;
  if (postgres_ != nullptr) {
    auto connection = postgres_->connect();
    must(connection->execute(fmt::format("SET search_path = \"{}\"", connection_.schema)));
    for (const auto& cells : must(connection->query(select)).rows) {
      std::string row;
      for (const auto& cell : cells) row += (&cell == &cells.front() ? "" : "|") + cell.value_or("NULL");
      out.push_back(row);
    }
    return out;
  }
  auto database = must(sqlite::Database::open(connection_.path, {.read_only = true}));
  auto statement = must(database.prepare(select));
  while (must(statement.step())) {
    std::string row;
    for (int i = 0; i < statement.column_count(); ++i) {
      row += (i == 0 ? "" : "|") + (statement.is_null(i) ? "NULL" : statement.string(i));
    }
    out.push_back(row);
  }
  return out;
}

Running::Running(worker::Job job, worker::Environment environment)
    : job_(std::move(job)), environment_(std::move(environment)) {
  thread_ = std::jthread([this](std::stop_token stop) {
    const base::LogScope scope(
        {{"component", "worker"}},
        [](void* self, std::string_view line) {
          auto* running = static_cast<Running*>(self);
          const std::lock_guard lock(running->mutex_);
          running->lines_.emplace_back(line);
        },
        this);
    outcome_ = worker::run(job_, environment_, progress_, stop);
    ended_ = true;
    ended_.notify_all();
  });
}

int Running::logged(const std::string& message) const {
  const std::string wanted = fmt::format(R"("msg":"{}")", message);
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) {
    return line.find(wanted) != std::string::npos;
  }));
}

worker::Outcome Running::stop() {
  thread_.request_stop();
  return wait();
}

worker::Outcome Running::wait() {
  ended_.wait(false);
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

}  // namespace offtake::worker_test
