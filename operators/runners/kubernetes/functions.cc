#include "operators/runners/kubernetes/functions.h"

#include "operators/runners/kubernetes/function_objects.h"
#include "operators/runners/kubernetes/worker_objects.h"

namespace offtake::runners {
namespace {

using json::Value;

constexpr auto kAgain = std::chrono::minutes(5);

std::string digest_of(const Value& object) {
  return object.at({"metadata", "annotations"}).string_or(annotation::kManifest);
}

}  // namespace

base::Result<std::string> Functions::ensure(const worker::Job& job, const Function& function) {
  const auto objects = function_objects(job, function);
  std::string digest;
  for (const Value& object : objects) digest += digest_of(object);
  {
    std::lock_guard lock(mutex_);
    const Looked& last = looked_[job.product_uid];
    if (last.digest == digest && std::chrono::steady_clock::now() - last.at < kAgain) return digest;
  }
  for (const Value& object : objects) {
    const std::string kind = object.string_or("kind");
    const auto& type = kind == "Service" ? kubernetes::kServices : kubernetes::kDeployments;
    auto there = api_.get(type, function.namespace_name, function.name);
    if (!there && there.error().code == "Forbidden") {
      return std::move(there).error().with_hint(
          "somebody of the namespace allows it by a RoleBinding of the operator's account to the ClusterRole "
          "offtake-runs-functions");
    }
    if (!there && there.error().code != "NotFound") return std::move(there).error();
    if (there && digest_of(*there) == digest_of(object)) continue;
    if (there && there->at({"metadata", "labels"}).string_or(kUidLabel) != job.product_uid) {
      return base::terminal("FunctionNameTaken",
                            fmt::format("{} {}/{} is there already, and not this product's", kind,
                                        function.namespace_name, function.name))
          .with_hint("remove it, or call the product otherwise");
    }
    kubernetes::ApplyOptions options;
    options.force = true;
    if (auto applied = api_.apply(type, object, options); !applied) return std::move(applied).error();
  }
  std::lock_guard lock(mutex_);
  looked_[job.product_uid] = {digest, std::chrono::steady_clock::now()};
  return digest;
}

void Functions::forget(const std::string& product_uid) {
  std::lock_guard lock(mutex_);
  looked_.erase(product_uid);
}

}  // namespace offtake::runners
