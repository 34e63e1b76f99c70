#include "operators/sources/embedded/topic.h"

#include <sstream>

namespace offtake::sources::embedded {

std::string topic_text(const Topic& topic) {
  return fmt::format("1 {} {} {} {} {}", topic.id, topic.uid, topic.partition_count,
                     static_cast<int>(topic.cleanup), topic.retention_ms);
}

base::Result<StoredTopic> parse_topic(std::string_view name, std::string_view text) {
  std::istringstream in{std::string(text)};
  int format = 0, cleanup = 0;
  StoredTopic stored;
  stored.spec.topic = name;
  in >> format >> stored.id >> stored.uid >> stored.spec.partitions >> cleanup >> stored.spec.retention_ms;
  if (!in || format != 1 || cleanup < 0 || cleanup > 2 || stored.spec.partitions < 1) {
    return base::terminal("LogDamaged",
                          fmt::format("the description of topic '{}' in the event log is damaged", name))
        .with_hint("restore the data directory from a copy");
  }
  stored.spec.cleanup = static_cast<CleanupPolicy>(cleanup);
  return stored;
}

base::Status check_topic(const TopicSpec& spec) {
  constexpr std::size_t kMaxName = 249;
  constexpr int kMaxPartitions = 1024;
  const std::string_view name = spec.topic;
  if (name.empty() || name.size() > kMaxName || name == "." || name == "..") {
    return base::terminal("BadTopic",
                          fmt::format("'{}' is no topic name: it must have 1 to {} characters and be "
                                      "neither '.' nor '..'",
                                      name, kMaxName));
  }
  for (const char c : name) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                         c == '.' || c == '_' || c == '-';
    if (!allowed) {
      return base::terminal("BadTopic",
                            fmt::format("'{}' is no topic name: '{}' is not allowed in it", name, c))
          .with_hint("use letters, digits, '.', '_' and '-'");
    }
  }
  if (spec.partitions < 1 || spec.partitions > kMaxPartitions) {
    return base::terminal("BadTopic",
                          fmt::format("topic '{}' cannot have {} partitions: 1 to {} are possible", name,
                                      spec.partitions, kMaxPartitions));
  }
  return {};
}

base::Error topic_missing(std::string_view name) {
  return base::waiting("TopicMissing",
                       fmt::format("topic '{}' does not exist in the embedded event log", name))
      .with_hint("create it, or give its Dataset a topicConfig");
}

}  // namespace offtake::sources::embedded
