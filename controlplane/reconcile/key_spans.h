// What workers read of entity datasets: whether a key was found in more than one partition, as after a topic
// grew. Products' reconcilers tell it, a dataset's asks. In memory: workers say it again. Thread-safe.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "controlplane/resources/meta.h"

namespace offtake::reconcile {

class KeySpans {
 public:
  // What the product's workers say of "namespace/dataset" now; both empty: nothing.
  void tell(const std::string& product_uid, std::set<std::string> spanning, std::set<std::string> single);
  void forget(const std::string& product_uid) { tell(product_uid, {}, {}); }
  // Nothing where no worker has read the dataset.
  std::optional<bool> spans(const std::string& dataset) const;

 private:
  struct Said {
    std::set<std::string> spanning, single;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Said> said_;  // by product uid
};

// The condition KeySpansPartitions: there once a key was found in several partitions; what nobody knows stays
// as it was.
void report_key_spans(std::optional<bool> spans, std::int64_t generation, base::Micros now,
                      resources::Conditions& conditions);

}  // namespace offtake::reconcile
