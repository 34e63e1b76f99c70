#include "operators/provision/opensearch/opensearch_provisioner.h"

#include "operators/provision/naming/physical_name.h"
#include "operators/provision/opensearch/claims.h"
#include "operators/provision/opensearch/cluster_url.h"
#include "operators/provision/parameters/parameters.h"
#include "operators/targets/intent/intent_target.h"
#include "operators/targets/opensearch/document_rows.h"
#include "operators/targets/opensearch/names.h"

namespace offtake::provision::opensearch {
namespace {

namespace search = targets::opensearch;
using search::ControlIndex;
using search::Rest;
using targets::Phase;

struct Settings {
  std::string engine, class_name, user, password, ca_pem;
  ClusterUrl cluster;
  Parameters parameters;
};

class OpenSearchProvisioner : public Provisioner {
 public:
  explicit OpenSearchProvisioner(Settings settings)
      : settings_(std::move(settings)), rest_(std::make_shared<const Rest>(connection(""))) {}

  base::Status check() override {
    auto health = rest_->send("GET", "/_cluster/health");
    if (!health) return std::move(health).error();
    return {};
  }

  base::Result<Provisioned> ensure(const ProductTarget& target, const Credentials&) override {
    const std::string prefix = prefix_of(target);
    if (auto free = check_name(prefix); !free) return std::move(free).error();
    if (auto made = search::make_control_index(*rest_, prefix); !made) return std::move(made).error();
    ControlIndex control(rest_, prefix);
    auto claim = read_claim(control, target);
    if (claim && claim->holder == Holder::kNobody) {
      if (auto made = make_claim(control, target); !made) return std::move(made).error();
      claim = read_claim(control, target);
    }
    if (!claim) return std::move(claim).error();
    if (claim->holder != Holder::kOurs) return taken(prefix, *claim);
    return describe(prefix);
  }

  std::vector<std::string> makes(const ProductTarget& target) const override {
    std::string index = "its index";
    for (const auto& [name, value] : settings_.parameters) index += fmt::format(", {} {}", name, value);
    return {fmt::format("alias {} on {}", prefix_of(target), settings_.cluster.url), std::move(index)};
  }

  base::Result<std::vector<targets::ControlRow>> controls(const ProductTarget& target) override {
    ControlIndex control(rest_, prefix_of(target));
    auto claim = read_claim(control, target);
    if (!claim) return std::move(claim).error();
    std::vector<targets::ControlRow> out;
    if (claim->holder != Holder::kOurs) return out;
    auto all = control.read_all();
    if (!all) return std::move(all).error();
    for (auto& stored : *all) out.push_back(std::move(stored.row));
    return out;
  }

  // Nothing is built on an alias.
  base::Result<ViewChange> view_change(const ProductTarget&, const std::vector<ViewColumn>&) override {
    return ViewChange{};
  }

  base::Status fence(const ProductTarget& target, int revision) override {
    ControlIndex control(rest_, prefix_of(target));
    auto claim = read_claim(control, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder != Holder::kOurs) return {};
    return targets::intent::fence_revision(control, target.product_uid, target.installation, revision);
  }

  base::Status drop_revision(const ProductTarget& target, int revision) override {
    const std::string prefix = prefix_of(target);
    ControlIndex control(rest_, prefix);
    auto claim = read_claim(control, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder != Holder::kOurs) return {};
    auto all = control.read_all();
    if (!all) return std::move(all).error();
    const auto mine = std::find_if(all->begin(), all->end(),
                                   [&](const auto& stored) { return stored.row.revision == revision; });
    if (mine == all->end()) return {};
    if (mine->row.phase != Phase::kFenced) {
      return base::terminal("RevisionNotFenced", fmt::format("revision {} is not fenced", revision));
    }
    if (auto back = give_back_name(prefix, mine->row.place, *all); !back) return back;
    auto places = search::indices_behind(*rest_, fmt::format("{}.r{}.*", prefix, revision));
    if (!places) return std::move(places).error();
    for (const auto& place : *places) {
      if (auto gone = search::drop_index(*rest_, place); !gone) return gone;
    }
    return control.drop(revision);
  }

  base::Status remove(const ProductTarget& target, bool retain) override {
    const std::string prefix = prefix_of(target);
    ControlIndex control(rest_, prefix);
    auto claim = read_claim(control, target);
    if (!claim) return std::move(claim).error();
    if (claim->holder != Holder::kOurs) return {};
    auto places = search::indices_behind(*rest_, prefix + ".r*");
    if (!places) return std::move(places).error();
    auto shown = search::indices_behind(*rest_, prefix);
    if (!shown) return std::move(shown).error();
    for (const auto& place : *places) {
      const bool keep = retain && std::find(shown->begin(), shown->end(), place) != shown->end();
      if (auto gone = keep ? lock_out(place) : search::drop_index(*rest_, place); !gone) return gone;
    }
    if (!retain) return search::drop_index(*rest_, search::control_index(prefix));
    auto all = control.read_all();
    if (!all) return std::move(all).error();
    for (const auto& stored : *all) {
      if (auto gone = control.drop(stored.row.revision); !gone) return gone;
    }
    return mark_retained(control, target);
  }

 private:
  std::string prefix_of(const ProductTarget& target) const {
    std::string prefix = naming::physical_name(
        target.product_namespace + "_" + target.target_name,
        {settings_.class_name, target.product_namespace, target.target_name}, search::kMaxPrefixBytes);
    // Names may not begin with it.
    return prefix.starts_with('_') ? "p" + prefix : prefix;
  }

  targets::TargetConnection connection(const std::string& prefix) const {
    targets::TargetConnection out;
    out.engine = settings_.engine;
    out.url = settings_.cluster.url;
    out.schema = prefix;
    out.user = settings_.user;
    out.password = settings_.password;
    out.ca_pem = settings_.ca_pem;
    out.parameters = settings_.parameters;
    return out;
  }

  // Whoever has an index or alias of the public name, it is not ours.
  base::Status check_name(const std::string& prefix) const {
    auto behind = search::indices_behind(*rest_, prefix);
    if (!behind) return std::move(behind).error();
    for (const auto& index : *behind) {
      if (search::is_place_of(prefix, index)) continue;
      return base::terminal("TargetNameTaken", fmt::format("the name {} is that of index {}", prefix, index))
          .with_hint("choose another target.name");
    }
    return {};
  }

  static base::Error taken(const std::string& prefix, const Claim& claim) {
    if (!claim.retained_from.empty())
      return retained_from(fmt::format("the alias {}", prefix), claim.retained_from);
    return base::terminal("TargetNameTaken", fmt::format("the alias {} belongs to {}", prefix, claim.words))
        .with_hint("choose another target.name, or delete the product that holds it");
  }

  // The public name may have moved to a revision that was given up before it was noted as current: back to
  // the one that stands still for a successor.
  base::Status give_back_name(const std::string& prefix, const std::string& place,
                              const std::vector<ControlIndex::Stored>& all) const {
    auto shown = search::indices_behind(*rest_, prefix);
    if (!shown) return std::move(shown).error();
    if (std::find(shown->begin(), shown->end(), place) == shown->end()) return {};
    for (const auto& stored : all) {
      if (stored.row.phase != Phase::kHandingOver) continue;
      return search::point_alias(*rest_, prefix, stored.row.place);
    }
    return {};
  }

  base::Status lock_out(const std::string& place) const {
    auto gone =
        rest_->send("DELETE", fmt::format("/{}/_alias/{}", place, search::write_alias(place)), "", 404);
    if (!gone) return std::move(gone).error();
    return {};
  }

  Provisioned describe(const std::string& prefix) const {
    Provisioned out;
    out.writer = connection(prefix);
    out.writer.password.clear();
    out.writer_password = settings_.password;
    out.endpoint_type = settings_.engine;
    out.endpoint_address = settings_.cluster.url;
    out.endpoint_object = prefix;
    out.binding = {{"type", settings_.engine},
                   {"provider", "offtake"},
                   {"host", settings_.cluster.host},
                   {"port", settings_.cluster.port},
                   {"uri", settings_.cluster.url},
                   {"object", prefix},
                   {"searchUri", settings_.cluster.url + "/" + prefix + "/_search"}};
    if (!settings_.ca_pem.empty()) out.binding["ca.crt"] = settings_.ca_pem;
    return out;
  }

  const Settings settings_;
  const std::shared_ptr<const Rest> rest_;
};

std::string value_of(const std::map<std::string, std::string>& map, const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() ? "" : found->second;
}

}  // namespace

base::Result<std::unique_ptr<Provisioner>> make_opensearch(const ProvisionerSettings& settings) {
  if (auto fine = check_parameters(settings.engine, false, settings.parameters); !fine)
    return std::move(fine).error();
  auto url = parse_cluster_url(settings.url);
  if (!url) return std::move(url).error();
  Settings out;
  out.engine = settings.engine;
  out.class_name = settings.class_name;
  out.cluster = *std::move(url);
  out.parameters = settings.parameters;
  if (const auto interval = out.parameters.find("refreshInterval"); interval != out.parameters.end())
    interval->second = fmt::format("{}s", duration_seconds(interval->second).value_or(1));
  out.user = value_of(settings.admin, "username");
  out.password = value_of(settings.admin, "password");
  out.ca_pem = value_of(settings.admin, "ca.crt");
  return std::make_unique<OpenSearchProvisioner>(std::move(out));
}

}  // namespace offtake::provision::opensearch
