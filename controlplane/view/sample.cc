#include "controlplane/view/sample.h"

#include <algorithm>

#include "controlplane/sql/compile.h"
#include "controlplane/view/preview_source.h"
#include "operators/plan/classified.h"

namespace offtake::view {
namespace {

// Quoted, for a dataset may be called as a word of SQL.
std::string sql_name(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return '"' + name + '"';
}

}  // namespace

void PreparedSample::file(base::Error error) {
  const bool waits = error.retry == base::Retry::kWaiting || error.retry == base::Retry::kTransient;
  (waits ? report_.waiting : report_.errors).push_back(std::move(error));
}

base::Result<PreparedSample> PreparedSample::make(const std::string& namespace_name, const std::string& name,
                                                  const std::string& reader, std::size_t limit,
                                                  store::ResourceClient& resources,
                                                  platform::Platform& platform) {
  auto stored = store::get<resources::Dataset>(resources, namespace_name, name);
  if (!stored) return std::move(stored).error();
  PreparedSample out;
  out.report_.namespace_name = namespace_name;
  out.report_.name = name;
  // Who asks is told by its namespace, as for a product there.
  resources::DataProduct asking;
  asking.metadata.namespace_name = reader.empty() ? namespace_name : reader;
  planning::DatasetLookup lookup(nullptr, resources, platform, asking);
  const sql::DatasetName id{namespace_name, name};
  auto shape = lookup.schema(id);
  if (!shape) {
    if (shape.error().code == "AccessDenied") return std::move(shape).error();
    out.file(std::move(shape).error());
    return out;
  }
  sql::CompileInput input;
  input.sql = fmt::format("SELECT * FROM {}.{}", sql_name(namespace_name), sql_name(name));
  input.default_namespace = asking.metadata.namespace_name;
  input.catalog.schema = [&](const sql::DatasetName&) { return shape; };
  sql::Compiled compiled = sql::compile(input);
  for (auto& error : compiled.errors) out.file(std::move(error));
  for (auto& missing : compiled.missing) out.file(std::move(missing.error));
  if (!compiled.ok()) return out;
  out.job_ = std::make_shared<worker::Job>();
  out.job_->plan = std::move(compiled.plan);
  if (auto opened = out.open(lookup.facts(id), limit, platform); !opened) {
    out.file(std::move(opened).error());
    return out;
  }
  out.runnable_ = true;
  return out;
}

base::Status PreparedSample::open(const planning::DatasetFacts& facts, std::size_t limit,
                                  platform::Platform& platform) {
  job_->sources.push_back(planning::source_spec(facts));
  auto store = platform.event_store(facts.store_resource);
  if (!store) return std::move(store).error();
  auto registry = platform.registry_of(facts.store_resource);
  if (!registry) return std::move(registry).error();
  if (auto described = (*store)->describe(job_->sources[0].topic); !described)
    return std::move(described).error();
  const std::set<std::string> classified = plan::classified_names(job_->plan);
  for (const types::Field& field : job_->plan.root->output) {
    report_.columns.push_back({field.name, types::to_string(field.type), classified.contains(field.name)});
  }
  input_.plan = &job_->plan;
  input_.sources.push_back(preview_source(job_, 0, *std::move(store), *std::move(registry)));
  input_.limits.rows = std::clamp<std::size_t>(limit, 1, kMostSampleRows);
  return {};
}

SampleReport PreparedSample::run(const std::function<bool()>& wanted) && {
  input_.wanted = wanted;
  auto made = preview::run(input_);
  if (!made) {
    file(std::move(made).error());
    return std::move(report_);
  }
  report_.found = *std::move(made);
  const types::Batch& rows = report_.found.rows;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    auto& cells = report_.rows.emplace_back();
    for (std::size_t i = 0; i < report_.columns.size(); ++i) {
      const types::Column& column = *rows.columns[i];
      if (report_.columns[i].masked) {
        cells.emplace_back(plan::kHidden);
      } else if (column.is_null(row)) {
        cells.emplace_back();
      } else {
        cells.emplace_back(types::value_text(column, row));
      }
    }
  }
  report_.found.rows = {};
  return std::move(report_);
}

}  // namespace offtake::view
