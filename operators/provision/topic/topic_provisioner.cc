#include "operators/provision/topic/topic_provisioner.h"

#include <charconv>

#include "base/json/value.h"
#include "operators/targets/intent/control_steps.h"
#include "operators/targets/intent/intent_target.h"
#include "operators/targets/journal/journal_controls.h"

namespace offtake::provision::topic {
namespace {

using targets::journal::Change;
using targets::journal::Journal;
using targets::journal::JournalControls;

constexpr const char* kClaimKey = "claim";
constexpr int kDefaultPartitions = 4;
constexpr int kReplicasOfStore = -1;  // as the cluster's default.replication.factor says

struct Claim {
  std::string installation, product, topic;
  bool made = false;  // the topic was made by us
};

class TopicProvisioner : public Provisioner {
 public:
  TopicProvisioner(std::shared_ptr<sources::EventStore> events, std::string store, int partitions,
                   int replicas)
      : events_(std::move(events)), store_(std::move(store)), partitions_(partitions), replicas_(replicas) {}

  base::Status check() override { return events_->ping(); }

  base::Result<Provisioned> ensure(const ProductTarget& target, const Credentials&) override {
    const std::string topic = topic_of(target);
    auto claim = read_claim(target);
    if (!claim) return std::move(claim).error();
    if (!claim->has_value()) {
      if (auto free = check_free(topic); !free) return std::move(free).error();
      *claim = Claim{target.installation, target.product_namespace + "/" + target.product, topic, false};
      if (auto written = write_claim(target, **claim); !written) return std::move(written).error();
    }
    // Before it is made by us, a topic of that name is somebody else's.
    auto there = events_->describe(topic);
    if (!there && there.error().code != "TopicMissing") return std::move(there).error();
    if (there && !(*claim)->made) return taken(topic);
    if (!there && target.rows != RowsForm::kNotPlanned) {
      if (auto made = make(topic, target.rows); !made) return std::move(made).error();
      (*claim)->made = true;
      if (auto written = write_claim(target, **claim); !written) return std::move(written).error();
    }
    Provisioned out;
    out.writer.engine = "topic";
    out.writer.store = store_;
    out.writer.topic = topic;
    out.endpoint_type = "topic";
    out.endpoint_address = store_;
    out.endpoint_object = topic;
    out.binding = {{"type", "topic"}, {"provider", "offtake"}, {"eventStore", store_}, {"topic", topic}};
    return out;
  }

  std::vector<std::string> makes(const ProductTarget& target) const override {
    return {fmt::format("topic {} on event store {}", topic_of(target), store_),
            "topic " + targets::journal::shown_topic_of(target.product_uid)};
  }

  base::Result<std::vector<targets::ControlRow>> controls(const ProductTarget& target) override {
    JournalControls controls(events_, target.product_uid);
    return targets::intent::rows_of(controls);
  }

  // Readers of a topic take fields by name; what would break them the registry refuses.
  base::Result<ViewChange> view_change(const ProductTarget&, const std::vector<ViewColumn>&) override {
    return ViewChange{};
  }

  base::Status fence(const ProductTarget& target, int revision) override {
    JournalControls controls(events_, target.product_uid);
    return targets::intent::fence_revision(controls, target.product_uid, target.installation, revision);
  }

  base::Status drop_revision(const ProductTarget& target, int revision) override {
    JournalControls controls(events_, target.product_uid);
    return controls.drop_fenced(revision);
  }

  base::Status remove(const ProductTarget& target, bool retain) override {
    auto claim = read_claim(target);
    if (!claim) return std::move(claim).error();
    if (claim->has_value() && (*claim)->made && !retain) {
      if (auto gone = events_->delete_topic((*claim)->topic); !gone) return gone;
    }
    return events_->delete_topic(targets::journal::topic_of(target.product_uid));
  }

 private:
  static std::string topic_of(const ProductTarget& target) {
    return target.product_namespace + "." + target.target_name;
  }

  static base::Error taken(const std::string& topic) {
    return base::terminal("TargetNameTaken",
                          fmt::format("topic '{}' exists and is not this product's", topic))
        .with_hint("choose another target.name, or delete the topic");
  }

  base::Status check_free(const std::string& topic) {
    auto there = events_->describe(topic);
    if (there) return taken(topic);
    return there.error().code == "TopicMissing" ? base::Status() : base::Status(there.error());
  }

  base::Status make(const std::string& topic, RowsForm rows) {
    sources::TopicSpec spec;
    spec.topic = topic;
    spec.partitions = partitions_;
    spec.replicas = replicas_;
    // Records without a key are all kept: nothing says which of them are of no more use.
    spec.cleanup =
        rows == RowsForm::kAppended ? sources::CleanupPolicy::kDelete : sources::CleanupPolicy::kCompact;
    auto made = events_->create_topic(spec);
    if (!made && made.error().code == "TopicExists") return taken(topic);
    return made;
  }

  base::Result<std::optional<Claim>> read_claim(const ProductTarget& target) {
    Journal journal(events_, targets::journal::topic_of(target.product_uid));
    if (auto read = journal.refresh(); !read) return std::move(read).error();
    const std::string* text = journal.find(kClaimKey);
    if (text == nullptr) return std::optional<Claim>();
    auto value = json::parse(*text);
    if (!value) return std::move(value).error();
    return std::optional<Claim>(Claim{value->string_or("installation"), value->string_or("product"),
                                      value->string_or("topic"), value->bool_or("made", false)});
  }

  base::Status write_claim(const ProductTarget& target, const Claim& claim) {
    json::Value value = json::Value::object();
    value.set("installation", claim.installation);
    value.set("product", claim.product);
    value.set("topic", claim.topic);
    value.set("made", claim.made);
    const std::string topic = targets::journal::topic_of(target.product_uid);
    if (auto made = targets::journal::create(*events_, topic, replicas_); !made) return made;
    auto producer = events_->open_producer(fmt::format("offtake.{}.claim", target.product_uid));
    if (!producer) return std::move(producer).error();
    Journal journal(events_, topic);
    return journal.commit(**producer, std::vector<Change>{{kClaimKey, json::dump(value)}});
  }

  const std::shared_ptr<sources::EventStore> events_;
  const std::string store_;
  const int partitions_, replicas_;
};

}  // namespace

base::Result<std::unique_ptr<Provisioner>> make_topic(const ProvisionerSettings& settings) {
  if (!settings.events) {
    return base::terminal("StoreMissing", "the target class names no event store");
  }
  int partitions = kDefaultPartitions, replicas = kReplicasOfStore;
  for (const auto& [name, value] : settings.parameters) {
    int* number = name == "partitions" ? &partitions : name == "replicas" ? &replicas : nullptr;
    const char* end = value.data() + value.size();
    if (number == nullptr || std::from_chars(value.data(), end, *number).ptr != end || *number < 1) {
      return base::terminal("BadParameter",
                            fmt::format("parameter {}: {} is not known to topics", name, value))
          .with_hint("partitions and replicas are whole numbers from 1");
    }
  }
  return std::make_unique<TopicProvisioner>(settings.events, settings.event_store, partitions, replicas);
}

}  // namespace offtake::provision::topic
