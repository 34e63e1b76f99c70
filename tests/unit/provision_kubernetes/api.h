// A Kubernetes API for one test: it keeps what is applied, and knows no kind but by discovery. Controllers
// are the test's to play.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/http/server.h"
#include "base/json/value.h"
#include "operators/kubernetes/client.h"

namespace offtake::provision_test {

class Api {
 public:
  Api();

  std::shared_ptr<kubernetes::Client> client();
  // "apps/v1 StatefulSet statefulsets" is served from now on.
  void serve(const std::string& api_version, const std::string& kind, const std::string& plural,
             bool namespaced = true);
  // By plural and name; null: there is none.
  json::Value get(const std::string& plural, const std::string& name);
  void put(const std::string& plural, json::Value object);
  void set_status(const std::string& plural, const std::string& name, json::Value status);
  // An object of this kind is deleted only when let_go() is called.
  void hold(const std::string& plural) { held_ = plural; }
  void let_go();
  std::vector<std::string> writes();  // "PATCH statefulsets/x", since the last call
  std::vector<std::string> names();   // of all objects, "statefulsets/x"

 private:
  http::Response answer(const http::Request& request);
  http::Response write(const http::Request& request, const std::string& plural, const std::string& name);
  http::Response discover(const std::string& api_version) const;
  json::Value listed(const std::string& plural, const std::string& selector) const;

  std::mutex mutex_;
  std::map<std::string, json::Array> served_;  // resources by apiVersion
  std::map<std::string, json::Value> objects_;
  std::vector<std::string> writes_;
  std::string held_;
  int uids_ = 0;
  std::unique_ptr<http::Server> server_;
};

}  // namespace offtake::provision_test
