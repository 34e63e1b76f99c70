// What a worker consists of in a cluster: complete, bounded, without a secret where none belongs, and equal
// digests exactly where nothing has to be started again.
#include "operators/runners/kubernetes/worker_objects.h"

#include <doctest/doctest.h>

#include "base/crypto/crypto.h"
#include "operators/runners/kubernetes/function_objects.h"
#include "operators/worker/job_parts.h"
#include "tests/unit/runners/orders.h"

namespace offtake::runners {
namespace {

PodSettings settings() {
  PodSettings out;
  out.worker_namespace = "offtake-system";
  out.image = "offtake:1";
  return out;
}

worker::Job job() {
  worker::Job out = an_order("t.db").job;
  out.product_uid = "0b9c0200-2672-4971-9d15-2207b89dbb4c";
  out.product_namespace = "retail";
  out.product = "joined";
  out.revision = 3;
  out.memory_bytes = 1 << 30;
  return out;
}

std::map<std::string, std::string> files() {
  return {{"store-main/password", "pa55"},
          {"registry-main/urls", "http://r"},
          {"target/password", "t4rget"},
          {std::string(kTokenFile), "t0ken"}};
}

std::string digest(const json::Value& deployment) {
  return deployment.at({"metadata", "annotations"}).string_or(annotation::kManifest);
}

std::string digest_of(const worker::Job& of, const std::map<std::string, std::string>& with,
                      const PodSettings& where = settings()) {
  return digest(worker_deployment(where, of, with, 1));
}

const json::Value& container(const json::Value& deployment) {
  return deployment.at({"spec", "template", "spec", "containers"}).as_array().front();
}

}  // namespace

TEST_CASE("a worker's name is readable, unique and not too long") {
  worker::Job one = job();
  CHECK(worker_name(one).starts_with("joined-"));
  CHECK(worker_name(one).ends_with("-r3"));
  one.product = std::string(63, 'p');
  one.revision = 1'000'000;
  CHECK(worker_name(one).size() <= 52);
  worker::Job other = one;
  other.product_uid = "another";
  CHECK(worker_name(one) != worker_name(other));
  one.product = std::string(31, 'p') + "-suffix";
  CHECK(worker_name(one).find("--") == std::string::npos);
}

TEST_CASE("the key of a worker is found in the labels of what it consists of") {
  const WorkerKey key{job().product_uid, 3};
  CHECK(key_of(worker_deployment(settings(), job(), files(), 1)) == key);
  CHECK(key_of(worker_secret(settings(), job(), files())) == key);
  for (const auto& part : job_config_maps(settings(), job())) CHECK(key_of(part) == key);
  CHECK_FALSE(key_of(json::Value::object()));
}

TEST_CASE("secrets are in the Secret alone, and come out of it as they went in") {
  const auto secret = worker_secret(settings(), job(), files());
  CHECK(secret_files(secret) == files());
  std::string others = json::dump(worker_deployment(settings(), job(), files(), 1));
  for (const auto& part : job_config_maps(settings(), job())) others += json::dump(part);
  for (const auto& [name, content] : files()) {
    if (name == "registry-main/urls") continue;
    CHECK(others.find(content) == std::string::npos);
    CHECK(others.find(crypto::base64(content)) == std::string::npos);
  }
}

TEST_CASE("the digest changes with what asks for another pod, and with nothing else") {
  const std::string before = digest_of(job(), files());
  CHECK(digest(worker_deployment(settings(), job(), files(), 7)) == before);  // the incarnation
  auto changed = files();
  changed["registry-main/urls"] = "http://elsewhere";  // read at each use
  CHECK(digest_of(job(), changed) == before);
  changed = files();
  changed["store-main/password"] = "another";
  CHECK(digest_of(job(), changed) != before);
  changed = files();
  changed["registry-main/password"] = "p";  // has to be mounted
  CHECK(digest_of(job(), changed) != before);
  worker::Job other = job();
  other.threads = 4;
  CHECK(digest_of(other, files()) != before);
  PodSettings image = settings();
  image.image = "offtake:2";
  CHECK(digest_of(job(), files(), image) != before);
}

TEST_CASE("a worker's pod satisfies the restricted standard and has no token") {
  const auto deployment = worker_deployment(settings(), job(), files(), 12);
  CHECK(deployment.at({"spec", "strategy"}).string_or("type") == "Recreate");
  const json::Value& pod = deployment.at({"spec", "template", "spec"});
  CHECK_FALSE(pod.bool_or("automountServiceAccountToken", true));
  CHECK(pod["securityContext"].bool_or("runAsNonRoot"));
  CHECK(pod.at({"securityContext", "seccompProfile"}).string_or("type") == "RuntimeDefault");
  const json::Value& security = container(deployment)["securityContext"];
  CHECK_FALSE(security.bool_or("allowPrivilegeEscalation", true));
  CHECK(security.bool_or("readOnlyRootFilesystem"));
  CHECK(json::dump(security.at({"capabilities", "drop"})) == R"(["ALL"])");
  const std::string arguments = json::dump(container(deployment)["args"]);
  CHECK(arguments.find(R"("--incarnation","12")") != std::string::npos);
  CHECK(arguments.find(R"("--stay")") != std::string::npos);
}

TEST_CASE("a worker that keeps state has a volume where there are to be some") {
  const auto volume_of = [](const worker::Job& of, const PodSettings& where) {
    const auto deployment = worker_deployment(where, of, files(), 1);
    for (const auto& volume : deployment.at({"spec", "template", "spec", "volumes"}).as_array()) {
      if (volume.string_or("name") == "state") return json::dump(volume);
    }
    return std::string();
  };
  worker::Job stateful = job();
  stateful.plan.stateless = false;
  PodSettings with = settings();
  with.volume_size = "10Gi";
  CHECK_FALSE(state_claim(settings(), stateful));
  CHECK(volume_of(stateful, settings()).find("emptyDir") != std::string::npos);
  CHECK_FALSE(state_claim(with, job()));
  CHECK(volume_of(job(), with).find("emptyDir") != std::string::npos);

  const auto claim = state_claim(with, stateful);
  REQUIRE(claim);
  CHECK(claim->at({"metadata"}).string_or("name") == worker_name(stateful));
  CHECK(key_of(*claim) == WorkerKey{stateful.product_uid, 3});
  CHECK(claim->at({"spec", "resources", "requests"}).string_or("storage") == "10Gi");
  CHECK(claim->at({"spec"}).find("storageClassName") == nullptr);
  CHECK(volume_of(stateful, with).find(worker_name(stateful)) != std::string::npos);

  // A claim stays as it is, so another size asks for no other pod.
  const std::string before = digest_of(stateful, files(), with);
  with.volume_size = "20Gi", with.storage_class = "fast";
  CHECK(digest_of(stateful, files(), with) == before);
  CHECK(state_claim(with, stateful)->at({"spec"}).string_or("storageClassName") == "fast");
}

TEST_CASE("a large job is kept in parts that fit, and is whole again") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += crypto::sha256_hex(std::to_string(i));
  const auto parts = worker::job_parts(text, 100'000);
  CHECK(parts.size() > 3);
  for (const auto& part : parts) CHECK(part.size() <= 100'000);
  const auto whole = worker::join_job(parts);
  REQUIRE(whole.ok());
  CHECK(*whole == text);
  auto missing = parts;
  missing.pop_back();
  CHECK(worker::join_job(missing).error().code == "BadGzip");
  auto exchanged = parts;
  std::swap(exchanged[0], exchanged[1]);
  CHECK(worker::join_job(exchanged).error().code == "BadGzip");
}

TEST_CASE("a function belongs to its product and holds no credentials of ours") {
  Function function;
  function.namespace_name = "retail";
  function.name = "mails-function";
  function.image = "mailer:3";
  function.environment = {{"GREETING", "hello", "", ""}, {"PASSWORD", "", "smtp", "password"}};
  const auto objects = function_objects(job(), function);
  REQUIRE(objects.size() == 2);
  for (const auto& object : objects) {
    CHECK(object["metadata"].string_or("namespace") == "retail");
    CHECK(object.at({"metadata", "ownerReferences"}).as_array().front().string_or("uid") ==
          job().product_uid);
    CHECK_FALSE(digest(object).empty());
  }
  const std::string environment = json::dump(container(objects[1])["env"]);
  CHECK(environment.find(R"("name":"PORT","value":"8080")") != std::string::npos);
  CHECK(environment.find(R"("secretKeyRef":{"name":"smtp","key":"password"})") != std::string::npos);
  const std::string before = digest(objects[1]);
  function.image = "mailer:4";
  CHECK(digest(function_objects(job(), function)[1]) != before);
}

}  // namespace offtake::runners
