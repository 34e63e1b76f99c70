#include "backing.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "base/crypto/crypto.h"
#include "base/files/files.h"
#include "base/http/client.h"
#include "base/http/server.h"
#include "controlplane/api/api.h"
#include "controlplane/cli/api_client.h"
#include "controlplane/store/embedded_store.h"
#include "controlplane/store/references.h"

namespace offtake::resource_client_test {
namespace {

constexpr std::size_t kRing = 256;

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Another client of the store is the store.
class Forwarding final : public store::ResourceClient {
 public:
  explicit Forwarding(store::ResourceClient& to) : to_(to) {}
  using Kind = resources::Kind;
  base::Result<json::Value> get(const Kind& kind, std::string_view space, std::string_view name) override {
    return to_.get(kind, space, name);
  }
  base::Result<store::ObjectList> list(const Kind& kind, const store::ListOptions& options) override {
    return to_.list(kind, options);
  }
  base::Result<std::unique_ptr<store::Watch>> watch(const Kind& kind, std::string_view version,
                                                    const store::ListOptions& options) override {
    return to_.watch(kind, version, options);
  }
  base::Result<store::Written> create(const json::Value& object,
                                      const store::WriteOptions& options) override {
    return to_.create(object, options);
  }
  base::Result<store::Written> update(const json::Value& object,
                                      const store::WriteOptions& options) override {
    return to_.update(object, options);
  }
  base::Result<store::Written> update_status(const json::Value& object,
                                             const store::WriteOptions& options) override {
    return to_.update_status(object, options);
  }
  base::Result<store::Written> apply(const json::Value& object, const store::ApplyOptions& options) override {
    return to_.apply(object, options);
  }
  base::Result<store::Written> patch(const Kind& kind, std::string_view space, std::string_view name,
                                     store::PatchType type, const json::Value& patch,
                                     const store::PatchOptions& options) override {
    return to_.patch(kind, space, name, type, patch, options);
  }
  base::Result<store::Deleted> remove(const Kind& kind, std::string_view space, std::string_view name,
                                      const store::DeleteOptions& options) override {
    return to_.remove(kind, space, name, options);
  }

 private:
  store::ResourceClient& to_;
};

class Embedded : public Backing {
 public:
  Embedded() {
    store::StoreOptions options;
    options.path = ":memory:";
    options.secret_key = std::string(32, 'k');
    options.warn = store::missing_references;
    options.ring_events = kRing;
    auto opened = store::EmbeddedStore::open(std::move(options));
    REQUIRE(opened.ok());
    store_ = *std::move(opened);
  }
  store::ResourceClient& client() override { return *store_; }
  std::unique_ptr<store::ResourceClient> another() override { return std::make_unique<Forwarding>(*store_); }
  std::string outdated(const store::ObjectList& page) override {
    forget();
    return page.continue_token;
  }
  std::string unknown_version(const std::string& version) override {
    forget();
    return version;
  }

 protected:
  std::unique_ptr<store::EmbeddedStore> store_;

 private:
  // Its ring keeps the last changes only.
  void forget() {
    json::Value scratch =
        json::Object{{"apiVersion", "v1"},
                     {"kind", "Secret"},
                     {"metadata", json::Object{{"name", "scratch"}, {"namespace", "default"}}}};
    for (std::size_t i = 0; i <= kRing; ++i) {
      scratch.set("stringData", json::Object{{"number", std::to_string(++changes_)}});
      REQUIRE(store_->apply(scratch, {"forget", true, false, false}).ok());
    }
  }

  int changes_ = 0;
};

class EmbeddedApi final : public Embedded {
 public:
  EmbeddedApi() {
    http::Router router;
    api::ApiOptions options;
    options.client = store_.get();
    options.version = "0.0.0";
    api::add_routes(router, options);
    router.set_refusal(api::refusal);
    auto started = http::Server::start(std::move(router), {});
    REQUIRE(started.ok());
    server_ = *std::move(started);
    client_ = another();
  }
  store::ResourceClient& client() override { return *client_; }
  std::unique_ptr<store::ResourceClient> another() override {
    cli::ServerAddress address;
    address.url = "http://" + server_->address();
    address.token = "token";
    return std::make_unique<cli::ApiClient>(address);
  }

 private:
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<store::ResourceClient> client_;
};

class Kubernetes final : public Backing {
 public:
  Kubernetes() : client_(another()) {}
  store::ResourceClient& client() override { return *client_; }
  std::unique_ptr<store::ResourceClient> another() override {
    cli::ServerAddress address;
    address.url = setting("OFFTAKE_TEST_KUBERNETES");
    address.token = setting("OFFTAKE_TEST_KUBERNETES_TOKEN");
    auto authority = files::read_file(setting("OFFTAKE_TEST_KUBERNETES_CA"));
    REQUIRE(authority.ok());
    address.ca_pem = *std::move(authority);
    return std::make_unique<cli::ApiClient>(address);
  }
  // Its watch cache goes on with recent lists whatever etcd has forgotten: the token has to be an old one.
  std::string outdated(const store::ObjectList& page) override {
    const std::string etcd = setting("OFFTAKE_TEST_ETCD");
    if (etcd.empty()) return "";
    http::ClientOptions options;
    options.base_url = etcd;
    const json::Value compaction = json::Object{{"revision", page.resource_version}, {"physical", true}};
    const auto done = http::Client(std::move(options)).post("/v3/kv/compaction", json::dump(compaction));
    REQUIRE(done.ok());
    REQUIRE(done->status == 200);
    const auto plain = crypto::base64_url_decode(page.continue_token);
    REQUIRE(plain.ok());
    auto token = json::parse(*plain);
    REQUIRE(token.ok());
    token->set("rv", 2);
    return crypto::base64_url(json::dump(*token));
  }
  // It knows nothing from before a kind was there.
  std::string unknown_version(const std::string&) override { return "1"; }

 private:
  std::unique_ptr<store::ResourceClient> client_;
};

}  // namespace

const std::vector<std::string_view>& backings() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out{kEmbeddedStore, kEmbeddedApi};
    if (!setting("OFFTAKE_TEST_KUBERNETES").empty()) out.push_back(kKubernetes);
    return out;
  }();
  return names;
}

Backing& backing(std::string_view name) {
  static std::map<std::string_view, std::unique_ptr<Backing>> made;
  std::unique_ptr<Backing>& wanted = made[name];
  if (wanted == nullptr) {
    if (name == kEmbeddedStore) wanted = std::make_unique<Embedded>();
    if (name == kEmbeddedApi) wanted = std::make_unique<EmbeddedApi>();
    if (name == kKubernetes) wanted = std::make_unique<Kubernetes>();
  }
  return *wanted;
}

}  // namespace offtake::resource_client_test
