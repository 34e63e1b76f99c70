#include "controlplane/catalog/catalog.h"

#include <algorithm>

#include "base/log.h"
#include "controlplane/access/access.h"
#include "controlplane/planning/dataset_facts.h"
#include "controlplane/planning/lookup.h"

namespace offtake::catalog {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 1s;
constexpr auto kFiguresAge = 5s, kAfterFailure = 10s;
constexpr auto kStaleAfter = 60s;  // figures of a store that is away are given up
constexpr std::size_t kMostMeasured = 5'000;

std::string topic_key(const resources::Dataset& dataset) {
  return dataset.spec.source.event_store_name + "/" + dataset.spec.source.topic;
}

}  // namespace

Catalog::Catalog(store::ResourceClient& resources, platform::Platform& platform, const base::Clock& clock)
    : resources_(resources), platform_(platform), clock_(clock), holdings_(resources) {
  ticker_ = std::jthread([this](const std::stop_token& stop) { tick(stop); });
}

Catalog::~Catalog() {
  ticker_.request_stop();
}

// So that the first search finds everything there, and no long list of changes.
void Catalog::tick(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  std::string said;
  while (!stop.stop_requested()) {
    const auto now = clock_.steady();
    while (!again_.empty() && again_.begin()->first <= now) {
      holdings_.ask_again(again_.begin()->second);
      again_.erase(again_.begin());
    }
    const auto caught_up = catch_up();
    const std::string problem = caught_up ? "" : caught_up.error().text();
    if (problem != said && !problem.empty()) base::log_warn("the catalogue is behind", {{"error", problem}});
    said = problem;
    changed_.wait_for(lock, stop, kTick, [] { return false; });
  }
}

base::Status Catalog::catch_up() {
  auto done = holdings_.catch_up();
  for (const std::string& key : holdings_.take_unasked()) ask_for_schema(key);
  return done;
}

base::Result<resources::EventStore> Catalog::store_of(const resources::Dataset& dataset) {
  return planning::look_up<resources::EventStore>(nullptr, resources_, "",
                                                  dataset.spec.source.event_store_name, "EventStoreMissing");
}

void Catalog::ask_for_schema(const std::string& key) {
  const auto entry = holdings_.index().find(key);
  if (entry == nullptr) return;
  threads_.run(entry->dataset.spec.source.event_store_name, "schema " + key, StoreThreads::Order::kLater,
               [this, key, entry] { fetch_schema(key, entry->dataset); });
}

void Catalog::fetch_schema(const std::string& key, const resources::Dataset& dataset) {
  const auto found = [&]() -> base::Result<SchemaTexts> {
    auto store = store_of(dataset);
    if (!store) return std::move(store).error();
    auto registry = platform_.registry_of(*store);
    if (!registry) return std::move(registry).error();
    auto latest = planning::latest_schema(**registry, dataset.spec.subject());
    if (!latest) return std::move(latest).error();
    SchemaTexts out{latest->text, "", latest->version, latest->id};
    if (auto of_keys = planning::latest_schema(**registry, planning::key_subject(dataset))) {
      out.key = of_keys->text;
    } else if (of_keys.error().retry != base::Retry::kWaiting) {
      return std::move(of_keys).error();
    }
    return out;
  }();
  std::lock_guard lock(mutex_);
  if (found) {
    holdings_.set_schema(key, dataset.spec.subject(), *found);
    schema_problems_.erase(key);
  } else {
    schema_problems_[key] = found.error().text();
    again_.emplace(clock_.steady() + kAfterFailure, key);
  }
  changed_.notify_all();
}

std::shared_ptr<const Figures> Catalog::figures_of(const resources::Dataset& dataset) {
  const std::string key = topic_key(dataset);
  if (measured_.size() >= kMostMeasured && !measured_.contains(key)) {
    // Whatever was asked for longest ago; it is measured again when somebody looks.
    const auto oldest =
        std::min_element(measured_.begin(), measured_.end(),
                         [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
    measured_.erase(oldest);
  }
  const Measured& known = measured_[key];
  const auto age = clock_.steady() - known.at;
  const bool never = known.figures == nullptr && known.problem.empty();
  if (never || age > (known.problem.empty() ? kFiguresAge : kAfterFailure)) {
    threads_.run(dataset.spec.source.event_store_name, "figures " + key, StoreThreads::Order::kSoon,
                 [this, key, dataset] { measure_topic(key, dataset); });
  }
  return known.figures;
}

void Catalog::measure_topic(const std::string& key, const resources::Dataset& dataset) {
  std::shared_ptr<const Figures> before;
  {
    std::lock_guard lock(mutex_);
    if (const auto known = measured_.find(key); known != measured_.end()) before = known->second.figures;
  }
  const auto measured = [&]() -> base::Result<Figures> {
    auto resource = store_of(dataset);
    if (!resource) return std::move(resource).error();
    auto store = platform_.event_store(*resource);
    if (!store) return std::move(store).error();
    return measure(**store, dataset.spec.source.topic, clock_.now(), before.get());
  }();
  std::lock_guard lock(mutex_);
  Measured& known = measured_[key];
  known.at = clock_.steady();
  known.problem = measured ? "" : measured.error().text();
  if (measured) {
    known.figures = std::make_shared<const Figures>(*measured);
    known.succeeded = known.at;
  } else if (known.at - known.succeeded > kStaleAfter) {
    known.figures = nullptr;
  }
  changed_.notify_all();
}

base::Result<Catalog::Labels> Catalog::labels_of(const std::string& reader) {
  if (reader.empty()) return Labels();
  return planning::labels_of(nullptr, resources_, reader);
}

base::Status Catalog::may_read(const Entry& entry, const std::string& reader, const Labels& labels) {
  if (reader.empty()) return {};
  return access::may_read(entry.dataset, reader, labels);
}

base::Result<Answer> Catalog::search(const Query& query, const std::string& reader) {
  auto labels = labels_of(reader);
  if (!labels) return std::move(labels).error();
  std::unique_lock lock(mutex_);
  if (auto done = catch_up(); !done) return done.error();
  auto page = holdings_.index().search(query);
  if (!page) return std::move(page).error();
  Answer out{{}, page->total, std::move(page->next), std::move(page->facets)};
  for (Hit& hit : page->hits) {
    Item& item = out.items.emplace_back();
    item.figures = figures_of(hit.entry->dataset);
    item.hit = std::move(hit);
  }
  lock.unlock();
  for (Item& item : out.items) item.readable = may_read(*item.hit.entry, reader, *labels);
  return out;
}

}  // namespace offtake::catalog
