#include "operators/provision/servers/on_server.h"

namespace offtake::provision::servers {
namespace {

class OnServerProvisioner : public Provisioner {
 public:
  OnServerProvisioner(OnServer on, ProvisionerSettings settings)
      : on_(std::move(on)), settings_(std::move(settings)) {}

  base::Status check() override {
    auto there = reach();
    if (!there) return std::move(there).error();
    return (*there)->check();
  }
  base::Result<Provisioned> ensure(const ProductTarget& target, const Credentials& credentials) override {
    auto there = reach();
    if (!there) return std::move(there).error();
    return (*there)->ensure(target, credentials);
  }
  std::vector<std::string> makes(const ProductTarget& target) const override {
    auto there = reach();
    if (!there) return {};
    return (*there)->makes(target);
  }
  base::Result<std::vector<targets::ControlRow>> controls(const ProductTarget& target) override {
    auto there = reach();
    if (!there) return std::move(there).error();
    return (*there)->controls(target);
  }
  base::Result<ViewChange> view_change(const ProductTarget& target,
                                       const std::vector<ViewColumn>& columns) override {
    auto there = reach();
    if (!there) return std::move(there).error();
    return (*there)->view_change(target, columns);
  }
  base::Status fence(const ProductTarget& target, int revision) override {
    auto there = reach();
    if (!there) return std::move(there).error();
    return (*there)->fence(target, revision);
  }
  base::Status drop_revision(const ProductTarget& target, int revision) override {
    auto there = reach();
    if (!there) return std::move(there).error();
    return (*there)->drop_revision(target, revision);
  }
  base::Status remove(const ProductTarget& target, bool retain) override {
    auto there = reach();
    if (!there) return std::move(there).error();
    // Noted first: what is retained must not go with the class after a crash in between.
    if (retain) {
      auto noted = on_.servers->note_retained(
          settings_.class_name,
          fmt::format("{}/{} {}", target.product_namespace, target.product, target.product_uid));
      if (!noted) return noted;
    }
    return (*there)->remove(target, retain);
  }

 private:
  base::Result<std::shared_ptr<Provisioner>> reach() const {
    const ServerView view = on_.servers->look(settings_.class_name, on_.class_uid);
    if (!view.usable) return view.usable.error();
    std::lock_guard lock(mutex_);
    if (inner_ && port_ == view.port) return inner_;
    ProvisionerSettings settings = settings_;
    settings.url = on_.url(view.port);
    auto made = on_.make_external(settings);
    if (!made) return std::move(made).error();
    inner_ = *std::move(made);
    port_ = view.port;
    return inner_;
  }

  const OnServer on_;
  const ProvisionerSettings settings_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<Provisioner> inner_;  // for port_
  mutable int port_ = 0;
};

}  // namespace

std::unique_ptr<Provisioner> make_on_server(OnServer on, ProvisionerSettings settings) {
  return std::make_unique<OnServerProvisioner>(std::move(on), std::move(settings));
}

}  // namespace offtake::provision::servers
