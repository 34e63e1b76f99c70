// The objects of one type (of one namespace, or by a selector), as they are on the server: listed once and
// watched from then on. Each is kept as its JSON text without managedFields: small, and parsed by who reads
// it.
//
// The first list is answered from the server's cache (resourceVersion 0). A watch lasts 5 to 10 minutes and
// goes on from where it was; one that is silent for longer than the server's bookmarks take is given up. Only
// where the server no longer has what came since (Expired), everything is listed anew, consistently and in
// pages, and told as the differences. An object older than the one known is ignored; one with another uid is
// a deletion and an addition.
//
// Reads from any thread. Listeners are called by the informer's thread, one at a time, after the object can
// be read.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "operators/kubernetes/client.h"

namespace offtake::kubernetes {

struct InformerOptions {
  ResourceType type;
  std::string namespace_name, label_selector;
  // By what list_of() finds objects; may be null.
  std::function<std::string(const json::Value&)> index = nullptr;
};

class Informer {
 public:
  // `client` outlives it.
  Informer(Client& client, InformerOptions options);
  ~Informer();

  void start();
  void stop();
  // Whether the first list is in; until then nothing that is read here says that something is not there.
  bool synced() const;
  bool wait_synced(std::chrono::milliseconds patience, std::stop_token stop = {});
  // Why it does not list or watch at present.
  std::optional<base::Error> trouble() const;

  std::optional<json::Value> get(std::string_view namespace_name, std::string_view name) const;
  std::vector<json::Value> list(std::string_view namespace_name = "") const;
  // Those for which InformerOptions::index gives this.
  std::vector<json::Value> list_of(const std::string& index) const;
  // "namespace/name", or "/name".
  std::vector<std::string> keys() const;
  std::string resource_version() const;

  // What was written by this process: is read from now on, unless what is known is newer. Tells no listener:
  // the watch will.
  void put(const json::Value& object);

  using Listener = std::function<void(const WatchEvent&)>;
  // First of all kAdded for what is known. Ends with remove().
  int add(Listener listener);
  void remove(int listener);

  struct Counts {
    std::uint64_t lists = 0, watches = 0, events = 0;
  };
  Counts counts() const;
  const InformerOptions& options() const { return options_; }

 private:
  struct Entry {
    std::string uid, index, text;
    std::uint64_t version = 0;
    bool told = false;  // listeners know of it
  };
  void run(std::stop_token stop);
  base::Status list_all(bool consistent);
  base::Status watch(std::stop_token stop);
  void take(WatchEvent event);
  void rest(std::chrono::milliseconds pause, std::stop_token stop);
  void forget_others(const std::set<std::string>& seen);
  void store(const std::string& key, const json::Value& object, bool told);
  void bury(const std::string& uid);
  using Entries = std::map<std::string, Entry, std::less<>>;
  Entries::iterator erase(Entries::iterator entry);
  void tell(const WatchEvent& event);
  void note(std::optional<base::Error> trouble);

  Client& client_;
  InformerOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Entries entries_;
  std::multimap<std::string, std::string> by_index_;  // to keys of entries_
  std::deque<std::string>
      buried_;           // uids that are gone, the last ones: an answer that comes late brings none back
  std::string version_;  // where the watch goes on
  bool synced_ = false;
  std::optional<base::Error> trouble_;
  Counts counts_;
  std::mutex listeners_mutex_;  // held while listeners are called
  std::map<int, Listener> listeners_;
  int next_listener_ = 1;
  std::jthread thread_;
};

}  // namespace offtake::kubernetes
