// Topics through Kafka's admin requests. Functions of a handle; thread-safe as it is.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "operators/sources/kafka/client.h"

namespace offtake::sources::kafka {

inline constexpr std::chrono::milliseconds kAnswerTimeout{4'000};  // of a question to the cluster

// The number of partitions; TopicMissing where there is none.
base::Result<int> partition_count(Client& client, const std::string& topic);
base::Result<std::vector<std::string>> topic_names(Client& client);
base::Result<TopicDescription> describe_topic(Client& client, const std::string& topic);
// Both return when the change shows in the cluster's metadata.
base::Status create_topic(Client& client, const TopicSpec& spec);
base::Status delete_topic(Client& client, const std::string& topic);

}  // namespace offtake::sources::kafka
