// A durable schema registry: State in memory, every change in an SQLite file before it is answered. Writers
// that come together share one commit. Thread-safe.
#pragma once
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "base/sqlite/database.h"
#include "schemas/registry/state.h"

namespace offtake::registry {

struct Registration {
  std::string subject;
  Content content;
  bool normalize = false;
  std::optional<int> id, version;  // import mode
};

class Store {
 public:
  // Makes the file if need be; ":memory:" is for tests.
  static base::Result<std::unique_ptr<Store>> open(const std::filesystem::path& path);

  // The same content under the same subject again is no new version. Errors: errors.h.
  base::Result<Registered> register_schema(const Registration& registration);
  // Whether the subject has this schema.
  base::Result<Registered> lookup(const Registration& registration, bool with_deleted);
  base::Result<std::vector<int>> delete_subject(const std::string& subject, bool permanent);
  base::Result<int> delete_version(const std::string& subject, int version, bool permanent);
  // An empty subject is the whole registry; no value: back to what applies generally. Answers what was there.
  base::Result<std::optional<std::string>> put_config(const std::string& subject,
                                                      std::optional<std::string> json);
  base::Result<Mode> put_mode(const std::string& subject, std::optional<Mode> mode, bool force);

  // Calls `read(const State&)` while nothing changes; keep it short.
  template <class Read>
  auto read(const Read& read) const {
    const std::shared_lock lock(state_mutex_);
    return read(*state_);
  }

 private:
  struct Waiting {
    std::function<base::Result<Changes>(const State&)> decide;
    std::optional<base::Error> error;
    bool done = false;
  };
  explicit Store(sqlite::Database database);
  base::Status load();
  template <class T>
  base::Result<T> change(std::function<base::Result<Decision<T>>(const State&)> decide);
  base::Status commit(std::function<base::Result<Changes>(const State&)> decide);
  void commit_together(std::vector<Waiting*>& batch);
  base::Status persist(const Change& change);

  sqlite::Database database_;  // used by the thread that leads a commit
  mutable std::shared_mutex state_mutex_;
  std::unique_ptr<State> state_;
  std::mutex queue_mutex_;
  std::condition_variable done_;
  std::deque<Waiting*> queue_;
  bool leading_ = false;
};

}  // namespace offtake::registry
