// `sample`: the newest records of a dataset, its classified values masked, by the same engine as a preview.
// Reads only.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/planning/dataset_facts.h"
#include "controlplane/platform/platform.h"
#include "operators/preview/preview.h"
#include "operators/worker/job.h"

namespace offtake::view {

inline constexpr std::size_t kMostSampleRows = 200;

struct SampleColumn {
  std::string name;
  std::string type;     // in SQL
  bool masked = false;  // its values show as •••
};

struct SampleReport {
  std::string namespace_name, name;
  std::vector<base::Error> errors, waiting;  // then there are no rows
  std::vector<SampleColumn> columns;
  // Newest first; of an Entity the newest of each key, by the key. Absent: NULL.
  std::vector<std::vector<std::optional<std::string>>> rows;
  preview::Preview found;  // but for its rows
};

// What is needed to run, put together before anything is read.
class PreparedSample {
 public:
  // Code AccessDenied where products of `reader` may not read it; NotFound. Everything else that is wrong or
  // missing is in the report.
  static base::Result<PreparedSample> make(const std::string& namespace_name, const std::string& name,
                                           const std::string& reader, std::size_t limit,
                                           store::ResourceClient& resources, platform::Platform& platform);
  bool runnable() const { return runnable_; }
  // REQUIRES: runnable(). `wanted`: whether the caller still waits. Blocks for some seconds at most.
  SampleReport run(const std::function<bool()>& wanted) &&;
  SampleReport report() && { return std::move(report_); }

 private:
  void file(base::Error error);
  base::Status open(const planning::DatasetFacts& facts, std::size_t limit, platform::Platform& platform);

  bool runnable_ = false;
  std::shared_ptr<worker::Job> job_;  // decoders refer to it
  preview::Input input_;
  SampleReport report_;
};

json::Value to_json(const SampleReport& report);

}  // namespace offtake::view
