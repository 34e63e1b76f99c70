// `preview`: the rows that a product would give, of the newest records of its driving source. Reads only: no
// target is opened, nothing is provisioned, nothing is written.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "controlplane/planning/draft.h"
#include "operators/preview/preview.h"

namespace offtake::view {

struct PreviewRequest {
  const resources::DataProduct& product;                // as it would be stored
  const std::optional<resources::DataProduct>& stored;  // the present one
  const planning::Overlay& overlay;                     // as it was sent (sent_objects.h)
  std::size_t limit = 20;
  std::optional<base::Micros> from;  // a duration back from now
};

inline constexpr std::size_t kMostPreviewRows = 1'000;

struct PreviewColumn {
  std::string name;
  std::string type;         // in SQL
  std::string target_type;  // in the target's words
  bool masked = false;      // its values show as •••
};

struct PreviewReport {
  std::vector<base::Error> errors, waiting;  // then there are no rows
  std::vector<std::string> warnings;
  std::vector<PreviewColumn> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  // absent: NULL
  preview::Preview found;                                     // but for its rows
  std::vector<std::string> datasets;                          // "namespace/name", as found.sources
  std::vector<std::string> summary;                           // what was read, a sentence a source
};

// What is needed to run, put together before anything is read.
class PreparedPreview {
 public:
  // Never fails: what is wrong or missing is in the report.
  static PreparedPreview make(const PreviewRequest& request, base::Micros now,
                              store::ResourceClient& resources, platform::Platform& platform);
  bool runnable() const { return runnable_; }
  // REQUIRES: runnable(). `wanted`: whether the caller still waits. Blocks for some seconds at most.
  PreviewReport run(const std::function<bool()>& wanted) &&;
  PreviewReport report() && { return std::move(report_); }

 private:
  void open_sources(const planning::Overlay& overlay, store::ResourceClient& resources,
                    platform::Platform& platform);
  void file(base::Error error);

  bool runnable_ = false;
  std::shared_ptr<planning::Draft> draft_;  // decoders refer to its job
  std::string engine_;
  preview::Input input_;
  PreviewReport report_;
};

json::Value to_json(const PreviewReport& report);

}  // namespace offtake::view
