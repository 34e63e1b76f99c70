#include "controlplane/view/builder.h"

#include <algorithm>

#include "controlplane/planning/history.h"
#include "controlplane/sql/fields.h"
#include "controlplane/view/sent_objects.h"
#include "operators/targets/target.h"

namespace offtake::view {
namespace {

using namespace sql::form;

constexpr std::size_t kMostProposals = 30;

std::string classification_of(const resources::Dataset& dataset, const std::string& column) {
  for (const auto& note : dataset.spec.columns) {
    const bool about = sql::is_within(column, note.path) || sql::is_within(note.path, column);
    if (about && !note.classification.empty()) return note.classification;
  }
  return "";
}

// Whether a column, or a field with nothing but records around it that the value holds.
bool within_records(const catalog::Entry& entry, std::string_view path) {
  const auto& key = entry.dataset.spec.key;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const catalog::Column* around = catalog::find_column(entry.columns, path.substr(0, dot));
    if (around == nullptr || around->type.id != types::TypeId::kRecord) return false;
    if (around->key && key && key->from == resources::KeyFrom::kRecordKey) return false;
  }
  return true;
}

}  // namespace

// One request's look-ups.
struct Builder::Looking {
  Looking(const Builder& builder, const BuilderRequest& request, Sent admitted)
      : sent(std::move(admitted)),
        product(product_of(request)),
        datasets(&sent.overlay, builder.resources_, builder.platform_, product) {
    input.sql = request.sql;
    input.default_namespace = request.namespace_name;
    input.catalog.schema = [this](const sql::DatasetName& name) { return datasets.schema(name); };
    input.catalog.names = [this] { return datasets.names(); };
    input.declared_key = request.key;
    const base::Micros start = planning::start_instant(product, builder.clock_.now());
    if (start != 0) input.history_start_us = start;
  }

  static resources::DataProduct product_of(const BuilderRequest& request) {
    resources::DataProduct out;
    out.metadata.namespace_name = request.namespace_name;
    out.spec.history.from = request.history;
    return out;
  }

  const Sent sent;
  const resources::DataProduct product;
  planning::DatasetLookup datasets;
  sql::CompileInput input;
};

namespace {

void add_error(const base::Error& error, std::optional<Range> range, std::string field, std::string_view sql,
               Analysis& analysis) {
  Diagnostic out{Severity::kError, error.code, error.message, error.hint, std::move(field), {}, 0, 0};
  if (error.retry == base::Retry::kWaiting || error.retry == base::Retry::kTransient)
    out.severity = Severity::kWaiting;
  if (range) place(out, *range, sql);
  analysis.diagnostics.push_back(std::move(out));
}

// What the target's engine makes of the columns, and what it cannot carry.
void look_at_target(const BuilderRequest& request, const planning::Overlay& overlay,
                    store::ResourceClient& resources, BuilderAnswer& out) {
  if (request.class_name.empty()) return;
  Analysis& analysis = out.analysis;
  auto target_class =
      planning::look_up<resources::TargetClass>(&overlay, resources, "", request.class_name, "ClassMissing");
  if (!target_class)
    return add_error(target_class.error(), {}, "spec.target.className", request.sql, analysis);
  const auto* engine = targets::find_engine(target_class->spec.engine);
  if (engine == nullptr || !analysis.compiled) return;
  // Where each column of the form is one of the result, an error is at it.
  const bool same = analysis.form && analysis.form->columns.size() == analysis.output.size();
  for (std::size_t i = 0; i < analysis.output.size(); ++i) {
    const OutputColumn& column = analysis.output[i];
    const Range range = same ? analysis.form->columns[i].range : analysis.whole;
    if (auto fine = engine->check_name(column.name); !fine)
      add_error(fine.error(), range, "spec.sql", request.sql, analysis);
    auto type = engine->column_type(column.type);
    if (!type) {
      add_error(base::Error(type.error()).in("column " + column.name), range, "spec.sql", request.sql,
                analysis);
    }
    out.target_types.push_back(type ? *type : "");
  }
  targets::TableSpec table;
  table.name = "result";
  table.columns = analysis.compiled->plan.root->output;
  table.identity = analysis.compiled->plan.identity;
  if (engine->check_table == nullptr) return;
  if (auto fine = engine->check_table(table); !fine)
    add_error(fine.error(), analysis.whole, "spec.sql", request.sql, analysis);
}

}  // namespace

base::Result<std::unique_ptr<Builder::Looking>> Builder::begin(const BuilderRequest& request) {
  auto sent = admit(request.overlay, Looking::product_of(request), SentUse::kShown, resources_);
  if (!sent) return std::move(sent).error();
  return std::make_unique<Looking>(*this, request, *std::move(sent));
}

base::Result<BuilderAnswer> Builder::look(const BuilderRequest& request) {
  auto begun = begin(request);
  if (!begun) return std::move(begun).error();
  Looking& looking = **begun;
  BuilderAnswer out;
  out.analysis = analyse(looking.input);
  for (const std::string& warning : looking.sent.warnings)
    out.analysis.diagnostics.push_back({Severity::kWarning, "", warning, "", "objects", {}, 0, 0});
  look_at_target(request, looking.sent.overlay, resources_, out);
  if (request.proposals && out.analysis.form) out.proposals = propose(request, *out.analysis.form);
  if (!out.analysis.compiled) return out;
  for (const OutputColumn& column : out.analysis.output) {
    std::string& found = out.classifications.emplace_back();
    for (const auto& [dataset, name] : column.origins) {
      if (found.empty()) found = classification_of(looking.datasets.facts(dataset).dataset, name);
    }
  }
  for (const sql::DatasetUse& use : out.analysis.compiled->datasets) {
    const planning::DatasetFacts& facts = looking.datasets.facts(use.id);
    const Widths widths = widths_.of(facts);
    BuilderRead read{use, facts.shape.columns.size(), 0, widths.whole(), widths.records};
    read.bytes = widths.of(use.columns);
    out.reads.push_back(std::move(read));
  }
  return out;
}

base::Result<Edited> Builder::edit(const BuilderRequest& request, const Edit& edit) {
  auto looking = begin(request);
  if (!looking) return std::move(looking).error();
  return sql::form::edit((*looking)->input, edit);
}

std::vector<Proposal> Builder::propose(const BuilderRequest& request, const Form& form) {
  std::vector<Proposal> out;
  const auto is_in = [&](const std::string& space, const std::string& name) {
    return std::any_of(form.datasets.begin(), form.datasets.end(), [&](const FormDataset& dataset) {
      return dataset.id.dataset_namespace == space && dataset.id.name == name;
    });
  };
  for (const FormDataset& dataset : form.datasets) {
    if (dataset.state != DatasetState::kReady) continue;
    auto related =
        catalog_->relationships(dataset.id.dataset_namespace, dataset.id.name, request.namespace_name);
    // Nothing is proposed where the catalogue does not answer; what was asked for is the analysis.
    if (!related) continue;
    for (const catalog::Related& one : *related) {
      const catalog::Relationship& found = one.relationship;
      if (found.other == nullptr || is_in(found.namespace_name, found.dataset)) continue;
      Proposal proposal;
      proposal.id = {found.namespace_name, found.dataset};
      proposal.owner = found.other->dataset.spec.owner;
      proposal.description = found.other->dataset.spec.description;
      proposal.basis = found.declared ? Proposal::Basis::kDeclared : Proposal::Basis::kName;
      proposal.reason = found.reason;
      proposal.problem = found.problem;
      for (const catalog::JoinedColumns& pair : found.columns) {
        proposal.pairs.push_back({{dataset.alias, pair.from}, pair.to});
        proposal.types.emplace_back(pair.from_type, pair.to_type);
        const bool here = sql::find_field(dataset.schema, pair.from) != nullptr;
        if ((!here || !within_records(*found.other, pair.to)) && proposal.problem.empty()) {
          proposal.problem = fmt::format(
              "{} is within an array, a map or the record key, and such are not joined on in "
              "this version",
              here ? pair.to : pair.from);
        }
      }
      if (!one.readable) proposal.denied = one.readable.error().text();
      out.push_back(std::move(proposal));
    }
  }
  // What can be joined first, then what is declared.
  std::stable_sort(out.begin(), out.end(), [](const Proposal& a, const Proposal& b) {
    const auto rank = [](const Proposal& one) {
      return std::tuple(!one.problem.empty() || !one.denied.empty(), one.basis != Proposal::Basis::kDeclared);
    };
    return rank(a) < rank(b);
  });
  if (out.size() > kMostProposals) out.resize(kMostProposals);
  return out;
}

}  // namespace offtake::view
