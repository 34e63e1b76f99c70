// The jobs of products' revisions as ConfigMaps of the operator's namespace (operators/worker/job_parts.h),
// read once by a leader and kept from then on: nobody else writes them.
#pragma once
#include <map>
#include <mutex>

#include "controlplane/reconcile/data_product/orders.h"
#include "operators/kubernetes/client.h"

namespace offtake::cluster {

class StoredOrders : public reconcile::Orders {
 public:
  StoredOrders(std::shared_ptr<kubernetes::Client> api, std::string namespace_name)
      : api_(std::move(api)), namespace_(std::move(namespace_name)) {}

  // REQUIRES: before anything else. What cannot be read whole is reported by load().
  base::Status read_all();

  base::Status save(const worker::Job& job) override;
  base::Result<std::vector<worker::Job>> load(const std::string& product_uid) const override;
  base::Result<std::vector<int>> revisions(const std::string& product_uid) const override;
  base::Status remove(const std::string& product_uid, int revision) override;
  base::Status remove_all(const std::string& product_uid) override;
  // Products of which there are orders.
  std::vector<std::string> product_uids() const;

 private:
  struct Order {
    std::vector<std::string> objects;  // names of its ConfigMaps, in the order of their parts
    std::vector<std::string> parts;
    std::string hash;  // of the text
  };
  base::Status remove_objects(const std::vector<std::string>& names);

  std::shared_ptr<kubernetes::Client> api_;
  const std::string namespace_;
  mutable std::mutex mutex_;
  std::map<std::string, std::map<int, Order>> orders_;  // by uid and revision
};

}  // namespace offtake::cluster
