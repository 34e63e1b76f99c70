#include "operators/sources/kafka/admin.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <functional>
#include <thread>

#include "operators/sources/kafka/errors.h"

namespace offtake::sources::kafka {
namespace {

template <auto destroy>
struct Destroy {
  template <class T>
  void operator()(T* pointer) const {
    destroy(pointer);
  }
};
template <class T, auto destroy>
using Owned = std::unique_ptr<T, Destroy<destroy>>;

using Queue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Event = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using AdminOptions = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using LocalTopic = Owned<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using Resource = Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using Metadata = Owned<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;

// Sends one admin request and waits for its result.
base::Result<Event> ask(Client& client, rd_kafka_admin_op_t operation, std::string_view doing,
                        const std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) {
  if (auto reached = client.reach(kAnswerTimeout); !reached) return std::move(reached).error();
  const Queue queue(rd_kafka_queue_new(client.handle()));
  const AdminOptions options(rd_kafka_AdminOptions_new(client.handle(), operation));
  std::array<char, 256> why{};
  constexpr int kTimeoutMs = 15'000;
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kTimeoutMs, why.data(), why.size());
  if (operation != RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS) {
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), kTimeoutMs, why.data(), why.size());
  }
  send(options.get(), queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), kTimeoutMs + 1000));
  if (!event) return client.error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  if (const auto code = rd_kafka_event_error(event.get())) return client.error(code, doing);
  return event;
}

base::Status topic_result(Client& client, const rd_kafka_topic_result_t** results, std::size_t count,
                          std::string_view doing) {
  if (count == 0) return client.error(RD_KAFKA_RESP_ERR__FAIL, doing);
  const auto code = rd_kafka_topic_result_error(results[0]);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  auto error = client.error(code, doing);
  if (const char* said = rd_kafka_topic_result_error_string(results[0])) {
    error.detail = said;
    if (error.code == "TopicRefused") error.message = fmt::format("{}: Kafka refuses: {}", doing, said);
  }
  return error;
}

// The metadata of one topic; retried over the moments in which a cluster has no leader for it.
base::Result<int> count_once(Client& client, const std::string& topic, int timeout_ms) {
  const LocalTopic local(rd_kafka_topic_new(client.handle(), topic.c_str(), nullptr));
  if (!local) return client.error(rd_kafka_last_error(), fmt::format("describing topic '{}'", topic));
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(client.handle(), 0, local.get(), &raw, timeout_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(client.handle(), 0);
    return client.error(code, fmt::format("describing topic '{}'", topic));
  }
  const Metadata metadata(raw);
  if (metadata->topic_cnt != 1) return topic_missing(topic);
  const auto& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return topic_missing(topic);
  if (found.err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION) {
    return base::terminal("BadTopic", fmt::format("'{}' is no topic name", topic));
  }
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR && found.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
    return client.error(found.err, fmt::format("describing topic '{}'", topic));
  }
  for (int i = 0; i < found.partition_cnt; ++i) {
    if (found.partitions[i].leader < 0) {
      return base::transient("KafkaFailed", fmt::format("partition {} of topic '{}' has no leader",
                                                        found.partitions[i].id, topic));
    }
  }
  return found.partition_cnt;
}

// Changes of topics reach the brokers' metadata a moment after they are answered.
base::Status wait_until(std::string_view what, const std::function<bool()>& shows) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (!shows()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return base::transient("KafkaFailed", fmt::format("{} does not show after 15 s", what));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

std::int64_t to_number(const char* text, std::int64_t otherwise) {
  if (text == nullptr) return otherwise;
  char* end = nullptr;
  const auto number = std::strtoll(text, &end, 10);
  return end == text ? otherwise : number;
}

void apply_config(TopicDescription& out, std::string_view name, const char* value) {
  if (name == "cleanup.policy") {
    const std::string_view policy = value == nullptr ? "delete" : value;
    const bool compacts = policy.find("compact") != std::string_view::npos;
    const bool deletes = policy.find("delete") != std::string_view::npos;
    out.cleanup = !compacts ? CleanupPolicy::kDelete
                  : deletes ? CleanupPolicy::kCompactAndDelete
                            : CleanupPolicy::kCompact;
  } else if (name == "retention.ms") {
    out.retention_ms = to_number(value, -1);
  } else if (name == "retention.bytes") {
    out.retention_bytes = to_number(value, -1);
  } else if (name == "delete.retention.ms") {
    out.delete_retention_ms = to_number(value, out.delete_retention_ms);
  }
}

}  // namespace

base::Result<int> partition_count(Client& client, const std::string& topic) {
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTimeout;
  for (;;) {
    constexpr int kSliceMs = 1000;
    auto count = count_once(client, topic, kSliceMs);
    if (count || count.error().retry != base::Retry::kTransient ||
        std::chrono::steady_clock::now() >= deadline) {
      return count;
    }
  }
}

base::Result<std::vector<std::string>> topic_names(Client& client) {
  if (auto reached = client.reach(kAnswerTimeout); !reached) return std::move(reached).error();
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code =
      rd_kafka_metadata(client.handle(), 1, nullptr, &raw, static_cast<int>(kAnswerTimeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return client.error(code, "listing the topics");
  const Metadata metadata(raw);
  std::vector<std::string> names;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    // Kafka's own topics are no data.
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR && !std::string_view(topic.topic).starts_with("__")) {
      names.emplace_back(topic.topic);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<TopicDescription> describe_topic(Client& client, const std::string& topic) {
  auto partitions = partition_count(client, topic);
  if (!partitions) return std::move(partitions).error();
  TopicDescription out;
  out.topic = topic;
  out.partitions = *partitions;
  const std::string doing = fmt::format("reading the settings of topic '{}'", topic);
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  auto event = ask(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, doing,
                   [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                     rd_kafka_ConfigResource_t* resources[] = {resource.get()};
                     rd_kafka_DescribeConfigs(client.handle(), resources, 1, options, queue);
                   });
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** found =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count == 0) return client.error(RD_KAFKA_RESP_ERR__FAIL, doing);
  if (const auto code = rd_kafka_ConfigResource_error(found[0])) {
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return topic_missing(topic);
    return client.error(code, doing);
  }
  const auto** entries = rd_kafka_ConfigResource_configs(found[0], &count);
  for (std::size_t i = 0; i < count; ++i) {
    apply_config(out, rd_kafka_ConfigEntry_name(entries[i]), rd_kafka_ConfigEntry_value(entries[i]));
  }
  // Kafka keeps these settings on compacted topics, where they do nothing.
  if (out.cleanup == CleanupPolicy::kCompact) out.retention_ms = out.retention_bytes = -1;
  return out;
}

base::Status create_topic(Client& client, const TopicSpec& spec) {
  const std::string doing = fmt::format("creating topic '{}'", spec.topic);
  std::array<char, 256> why{};
  const Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> topic(
      rd_kafka_NewTopic_new(spec.topic.c_str(), spec.partitions, spec.replicas, why.data(), why.size()));
  if (!topic) return base::terminal("BadTopic", fmt::format("{}: {}", doing, why.data()));
  const auto set = [&](const char* name, const std::string& value) {
    rd_kafka_NewTopic_set_config(topic.get(), name, value.c_str());
  };
  if (spec.cleanup != CleanupPolicy::kCompact) set("retention.ms", std::to_string(spec.retention_ms));
  if (spec.cleanup == CleanupPolicy::kDelete) {
    set("cleanup.policy", "delete");
  } else {
    set("cleanup.policy", spec.cleanup == CleanupPolicy::kCompact ? "compact" : "compact,delete");
    // A fill reads to its cut before the cleaner may take from it what it has not read yet.
    set("min.compaction.lag.ms", "3600000");
  }
  auto event = ask(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, doing,
                   [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                     rd_kafka_NewTopic_t* topics[] = {topic.get()};
                     rd_kafka_CreateTopics(client.handle(), topics, 1, options, queue);
                   });
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  if (auto created = topic_result(client, results, count, doing); !created) return created;
  return wait_until(fmt::format("topic '{}'", spec.topic), [&] {
    auto partitions = count_once(client, spec.topic, 1000);
    return partitions.ok() && *partitions == spec.partitions;
  });
}

base::Status delete_topic(Client& client, const std::string& topic) {
  const std::string doing = fmt::format("deleting topic '{}'", topic);
  const Owned<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> gone(
      rd_kafka_DeleteTopic_new(topic.c_str()));
  auto event = ask(client, RD_KAFKA_ADMIN_OP_DELETETOPICS, doing,
                   [&](rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                     rd_kafka_DeleteTopic_t* topics[] = {gone.get()};
                     rd_kafka_DeleteTopics(client.handle(), topics, 1, options, queue);
                   });
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event->get()), &count);
  auto deleted = topic_result(client, results, count, doing);
  if (!deleted && deleted.error().code != "TopicMissing") return deleted;
  return wait_until(fmt::format("the end of topic '{}'", topic), [&] {
    auto partitions = count_once(client, topic, 1000);
    return !partitions.ok() && partitions.error().code == "TopicMissing";
  });
}

}  // namespace offtake::sources::kafka
