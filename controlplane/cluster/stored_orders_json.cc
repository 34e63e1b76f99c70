#include <algorithm>

#include "base/crypto/crypto.h"
#include "controlplane/cluster/stored_orders.h"
#include "operators/runners/kubernetes/worker_objects.h"
#include "operators/worker/job_parts.h"

namespace offtake::cluster {
namespace {

using json::Object;
using json::Value;
using kubernetes::kConfigMaps;

constexpr std::string_view kOrders = "offtake-order";  // app.kubernetes.io/name
constexpr std::string_view kHash = "offtake.dev/order-hash";
constexpr std::string_view kPart = "offtake.dev/part";
constexpr int kPage = 200;

// The same for every part of one order.
std::string hash_of(std::string_view text) {
  return crypto::sha256_hex(text).substr(0, 32);
}

Value config_map(const std::string& space, const worker::Job& job, const std::string& hash,
                 std::size_t number, const std::string& part) {
  return Object{
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata",
       Object{{"name", fmt::format("{}-order-{}", runners::worker_name(job), number)},
              {"namespace", space},
              {"labels", Object{{"app.kubernetes.io/name", std::string(kOrders)},
                                {"app.kubernetes.io/managed-by", "offtake"},
                                {"offtake.dev/product-namespace", job.product_namespace},
                                {"offtake.dev/product-name", job.product},
                                {std::string(runners::kUidLabel), job.product_uid},
                                {std::string(runners::kRevisionLabel), std::to_string(job.revision)}}},
              {"annotations",
               Object{{std::string(kHash), hash}, {std::string(kPart), std::to_string(number)}}}}},
      {"binaryData", Object{{worker::job_part_name(number), crypto::base64(part)}}}};
}

}  // namespace

base::Status StoredOrders::read_all() {
  std::map<std::string, std::map<int, Order>> found;
  kubernetes::ListOptions options;
  options.namespace_name = namespace_;
  options.label_selector = fmt::format("app.kubernetes.io/name={}", kOrders);
  options.limit = kPage;
  do {
    auto page = api_->list(kConfigMaps, options);
    if (!page) return std::move(page).error().in("the jobs of products cannot be read");
    options.continue_token = page->continue_token;
    for (const Value& object : page->items) {
      const auto key = runners::key_of(object);
      if (!key) continue;
      const Value& annotations = object.at({"metadata", "annotations"});
      const std::size_t part = std::strtoul(annotations.string_or(kPart).c_str(), nullptr, 10);
      if (part > 1'000) continue;
      Order& order = found[key->product_uid][key->revision];
      // Parts of a version that was being replaced do not fit together: load() finds them damaged.
      order.hash = annotations.string_or(kHash);
      order.parts.resize(std::max(order.parts.size(), part + 1));
      order.objects.resize(order.parts.size());
      order.objects[part] = object["metadata"].string_or("name");
      const Value& data = object["binaryData"];
      auto bytes = crypto::base64_decode(data.string_or(worker::job_part_name(part)));
      if (bytes) order.parts[part] = *std::move(bytes);
    }
  } while (!options.continue_token.empty());
  std::lock_guard lock(mutex_);
  orders_ = std::move(found);
  return {};
}

base::Status StoredOrders::save(const worker::Job& job) {
  const std::string text = worker::job_text(job);
  Order order;
  order.hash = hash_of(text);
  order.parts = worker::job_parts(text);
  for (std::size_t number = 0; number < order.parts.size(); ++number) {
    const Value object = config_map(namespace_, job, order.hash, number, order.parts[number]);
    kubernetes::ApplyOptions options;
    options.force = true;
    if (auto applied = api_->apply(kConfigMaps, object, options); !applied) return std::move(applied).error();
    order.objects.push_back(object["metadata"].string_or("name"));
  }
  std::vector<std::string> surplus;
  {
    std::lock_guard lock(mutex_);
    Order& kept = orders_[job.product_uid][job.revision];
    for (std::size_t number = order.objects.size(); number < kept.objects.size(); ++number)
      surplus.push_back(kept.objects[number]);
    kept = std::move(order);
  }
  return remove_objects(surplus);
}

base::Result<std::vector<worker::Job>> StoredOrders::load(const std::string& product_uid) const {
  std::map<int, Order> found;
  {
    std::lock_guard lock(mutex_);
    const auto known = orders_.find(product_uid);
    if (known != orders_.end()) found = known->second;
  }
  std::vector<worker::Job> out;
  for (const auto& [revision, order] : found) {
    const std::string where = fmt::format("revision {}", revision);
    auto text = worker::join_job(order.parts);
    if (!text) return std::move(text).error().in(where);
    if (hash_of(*text) != order.hash) {
      return base::terminal("BadJob", fmt::format("{}: its ConfigMaps ({}) do not fit together", where,
                                                  fmt::join(order.objects, ", ")));
    }
    auto job = worker::parse_job(*text);
    if (!job) return std::move(job).error().in(where);
    out.push_back(*std::move(job));
  }
  return out;
}

base::Result<std::vector<int>> StoredOrders::revisions(const std::string& product_uid) const {
  std::lock_guard lock(mutex_);
  std::vector<int> out;
  if (const auto known = orders_.find(product_uid); known != orders_.end()) {
    for (const auto& [revision, order] : known->second) out.push_back(revision);
  }
  return out;
}

base::Status StoredOrders::remove_objects(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    auto gone = api_->remove(kConfigMaps, namespace_, name);
    if (!gone && gone.error().code != "NotFound") return std::move(gone).error();
  }
  return {};
}

base::Status StoredOrders::remove(const std::string& product_uid, int revision) {
  std::vector<std::string> names;
  {
    std::lock_guard lock(mutex_);
    const auto known = orders_.find(product_uid);
    if (known == orders_.end() || !known->second.contains(revision)) return {};
    names = known->second.at(revision).objects;
  }
  std::erase(names, "");
  if (auto removed = remove_objects(names); !removed) return removed;
  std::lock_guard lock(mutex_);
  auto& revisions = orders_[product_uid];
  revisions.erase(revision);
  if (revisions.empty()) orders_.erase(product_uid);
  return {};
}

base::Status StoredOrders::remove_all(const std::string& product_uid) {
  auto there = revisions(product_uid);
  if (!there) return std::move(there).error();
  for (const int revision : *there) {
    if (auto removed = remove(product_uid, revision); !removed) return removed;
  }
  return {};
}

std::vector<std::string> StoredOrders::product_uids() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [uid, revisions] : orders_) out.push_back(uid);
  return out;
}

}  // namespace offtake::cluster
