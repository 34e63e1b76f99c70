#include "operators/kubernetes/informer.h"

#include <algorithm>
#include <charconv>

#include "base/id.h"
#include "base/log.h"
#include "base/retry.h"

namespace offtake::kubernetes {
namespace {

using namespace std::chrono_literals;

constexpr auto kShortest = 1s;  // of a watch that a server meant
constexpr base::Backoff kPause{250ms, 10s, 2.0};
constexpr int kPage = 500;
constexpr auto kSilence = 150s;  // bookmarks come each minute
constexpr std::size_t kBuried = 2'000;

std::string key_of(const json::Value& object) {
  const json::Value& metadata = object["metadata"];
  return metadata.string_or("namespace") + "/" + metadata.string_or("name");
}

std::uint64_t number(const std::string& version) {
  std::uint64_t out = 0;
  std::from_chars(version.data(), version.data() + version.size(), out);
  return out;
}

std::uint64_t version_of(const json::Value& object) {
  return number(object["metadata"].string_or("resourceVersion"));
}

}  // namespace

Informer::Informer(Client& client, InformerOptions options) : client_(client), options_(std::move(options)) {}

Informer::~Informer() {
  stop();
}

void Informer::start() {
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

void Informer::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

bool Informer::synced() const {
  std::lock_guard lock(mutex_);
  return synced_;
}

bool Informer::wait_synced(std::chrono::milliseconds patience, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, stop, patience, [&] { return synced_; });
}

std::optional<base::Error> Informer::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

std::optional<json::Value> Informer::get(std::string_view namespace_name, std::string_view name) const {
  std::string text;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(fmt::format("{}/{}", namespace_name, name));
    if (found == entries_.end()) return std::nullopt;
    text = found->second.text;
  }
  auto parsed = json::parse(text);
  if (!parsed) return std::nullopt;
  return *std::move(parsed);
}

namespace {

std::vector<json::Value> parsed(const std::vector<std::string>& texts) {
  std::vector<json::Value> out;
  out.reserve(texts.size());
  for (const std::string& text : texts) {
    if (auto object = json::parse(text)) out.push_back(*std::move(object));
  }
  return out;
}

}  // namespace

std::vector<json::Value> Informer::list(std::string_view namespace_name) const {
  std::vector<std::string> texts;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : entries_) {
      const std::string_view space = std::string_view(key).substr(0, key.find('/'));
      if (namespace_name.empty() || space == namespace_name) texts.push_back(entry.text);
    }
  }
  return parsed(texts);
}

std::vector<json::Value> Informer::list_of(const std::string& index) const {
  std::vector<std::string> texts;
  {
    std::lock_guard lock(mutex_);
    const auto [from, to] = by_index_.equal_range(index);
    for (auto found = from; found != to; ++found) texts.push_back(entries_.find(found->second)->second.text);
  }
  return parsed(texts);
}

std::vector<std::string> Informer::keys() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  out.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) out.push_back(key);
  return out;
}

std::string Informer::resource_version() const {
  std::lock_guard lock(mutex_);
  return version_;
}

Informer::Counts Informer::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

int Informer::add(Listener listener) {
  std::lock_guard telling(listeners_mutex_);
  for (const json::Value& object : list()) listener({WatchEventType::kAdded, object});
  listeners_.emplace(next_listener_, std::move(listener));
  return next_listener_++;
}

void Informer::remove(int listener) {
  std::lock_guard telling(listeners_mutex_);
  listeners_.erase(listener);
}

void Informer::tell(const WatchEvent& event) {
  std::lock_guard telling(listeners_mutex_);
  for (const auto& [id, listener] : listeners_) listener(event);
}

void Informer::note(std::optional<base::Error> trouble) {
  std::lock_guard lock(mutex_);
  const bool news = trouble && (!trouble_ || trouble_->code != trouble->code);
  const bool over = !trouble && trouble_;
  if (news) {
    base::log_warn("cannot watch", {{"type", options_.type.plural}, {"error", trouble->text()}});
  } else if (over) {
    base::log_info("watching again", {{"type", options_.type.plural}});
  }
  trouble_ = std::move(trouble);
}

void Informer::run(std::stop_token stop) {
  int failures = 0;
  bool listed = false, consistent = false;
  while (!stop.stop_requested()) {
    base::Status done;
    if (!listed) done = list_all(consistent);
    bool lasted = false;
    if (done) {
      listed = true;
      consistent = false;
      const auto begun = std::chrono::steady_clock::now();
      const std::uint64_t events = counts().events;
      done = watch(stop);
      lasted = counts().events != events || std::chrono::steady_clock::now() - begun > kShortest;
    }
    if (stop.stop_requested()) return;
    if (done) {
      failures = 0;
      note(std::nullopt);
      // A server that ends each watch at once is not asked as fast as it answers.
      if (!lasted) rest(kShortest, stop);
      continue;
    }
    const std::string& code = done.error().code;
    if (listed && code == "Expired") {
      base::log_info("the server no longer has what came since: listing anew",
                     {{"type", options_.type.plural}});
      listed = false;
      consistent = true;
      continue;
    }
    // A silent stream is taken up again where it was.
    if (listed && code == "TimedOut" && failures == 0) {
      ++failures;
      continue;
    }
    note(done.error());
    rest(base::backoff_delay(kPause, ++failures, base::random_u64()), stop);
  }
}

void Informer::rest(std::chrono::milliseconds pause, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, pause, [] { return false; });
}

// Pages are of one moment; it is told when all of them are in what is gone.
base::Status Informer::list_all(bool consistent) {
  ListOptions options;
  options.namespace_name = options_.namespace_name;
  options.label_selector = options_.label_selector;
  if (consistent) options.limit = kPage;
  std::set<std::string> seen;
  std::string version;
  do {
    auto page = client_.list(options_.type, options, consistent ? "" : "0");
    if (!page) return std::move(page).error();
    version = page->resource_version;
    options.continue_token = page->continue_token;
    for (json::Value& item : page->items) {
      seen.insert(key_of(item));
      take({WatchEventType::kModified, std::move(item)});
    }
  } while (!options.continue_token.empty());
  {
    std::lock_guard lock(mutex_);
    ++counts_.lists;
  }
  forget_others(seen);
  std::lock_guard lock(mutex_);
  version_ = version;
  synced_ = true;
  trouble_.reset();
  changed_.notify_all();
  return {};
}

void Informer::forget_others(const std::set<std::string>& seen) {
  std::vector<json::Value> gone;
  {
    std::lock_guard lock(mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      if (seen.contains(entry->first)) {
        ++entry;
        continue;
      }
      if (auto parsed = json::parse(entry->second.text)) gone.push_back(*std::move(parsed));
      bury(entry->second.uid);
      entry = erase(entry);
    }
  }
  for (json::Value& object : gone) tell({WatchEventType::kDeleted, std::move(object)});
}

base::Status Informer::watch(std::stop_token stop) {
  WatchOptions options;
  options.namespace_name = options_.namespace_name;
  options.label_selector = options_.label_selector;
  options.lasting = std::chrono::seconds(300 + base::random_u64() % 300);
  options.silence = kSilence;
  {
    std::lock_guard lock(mutex_);
    options.resource_version = version_;
    ++counts_.watches;
  }
  options.on_open = [this] { note(std::nullopt); };
  return client_.watch(
      options_.type, options,
      [&](WatchEvent event) {
        const std::string version = event.object["metadata"].string_or("resourceVersion");
        if (event.type != WatchEventType::kBookmark) take(std::move(event));
        std::lock_guard lock(mutex_);
        ++counts_.events;
        if (!version.empty()) version_ = version;
      },
      stop);
}

// REQUIRES: mutex_.
void Informer::bury(const std::string& uid) {
  buried_.push_back(uid);
  if (buried_.size() > kBuried) buried_.pop_front();
}

// REQUIRES: mutex_.
Informer::Entries::iterator Informer::erase(Entries::iterator entry) {
  const auto [from, to] = by_index_.equal_range(entry->second.index);
  for (auto found = from; found != to; ++found) {
    if (found->second != entry->first) continue;
    by_index_.erase(found);
    break;
  }
  return entries_.erase(entry);
}

// REQUIRES: mutex_.
void Informer::store(const std::string& key, const json::Value& object, bool told) {
  json::Value kept = object;
  if (json::Value* metadata = kept.find("metadata")) metadata->erase("managedFields");
  if (const auto known = entries_.find(key); known != entries_.end()) erase(known);
  Entry entry{object["metadata"].string_or("uid"), options_.index ? options_.index(object) : "",
              json::dump(kept), version_of(object), told};
  if (options_.index) by_index_.emplace(entry.index, key);
  entries_.emplace(key, std::move(entry));
}

void Informer::take(WatchEvent event) {
  const std::string key = key_of(event.object);
  const std::string uid = event.object["metadata"].string_or("uid");
  std::optional<json::Value> replaced;
  {
    std::lock_guard lock(mutex_);
    const auto known = entries_.find(key);
    const bool same = known != entries_.end() && known->second.uid == uid;
    if (event.type == WatchEventType::kDeleted) {
      bury(uid);
      if (!same) return;
      erase(known);
    } else if (same) {
      if (version_of(event.object) < known->second.version) return;
      event.type = known->second.told ? WatchEventType::kModified : WatchEventType::kAdded;
      store(key, event.object, true);
    } else {
      if (known != entries_.end()) {
        if (auto parsed = json::parse(known->second.text)) replaced = *std::move(parsed);
        bury(known->second.uid);
      }
      store(key, event.object, true);
      event.type = WatchEventType::kAdded;
    }
  }
  if (replaced) tell({WatchEventType::kDeleted, *std::move(replaced)});
  tell(event);
}

void Informer::put(const json::Value& object) {
  const std::string key = key_of(object);
  const std::string uid = object["metadata"].string_or("uid");
  std::lock_guard lock(mutex_);
  if (!synced_ || std::find(buried_.rbegin(), buried_.rend(), uid) != buried_.rend()) return;
  const auto known = entries_.find(key);
  const bool told = known != entries_.end() && known->second.told;
  if (known != entries_.end() && version_of(object) <= known->second.version) return;
  store(key, object, told);
}

}  // namespace offtake::kubernetes
