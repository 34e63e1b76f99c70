#include "controlplane/planning/publication.h"

namespace offtake::planning {

provision::RowsForm rows_form(const worker::Job& job) {
  const auto* engine = targets::find_engine(job.target.engine);
  const bool appends = engine != nullptr && engine->traits.appends &&
                       job.table.identity.kind == plan::Identity::Kind::kPosition;
  return appends ? provision::RowsForm::kAppended : provision::RowsForm::kKeyed;
}

provision::ProductTarget target_of(const resources::DataProduct& product, const std::string& installation) {
  provision::ProductTarget target;
  target.installation = installation;
  target.product_uid = product.metadata.uid;
  target.product_namespace = product.metadata.namespace_name;
  target.product = product.metadata.name;
  target.target_name = product.target_name();
  return target;
}

base::Result<Publication> check_publication(const provision::ProductTarget& target, const std::string& engine,
                                            const std::vector<types::Field>& columns,
                                            provision::Provisioner& provisioner) {
  const auto* known = targets::find_engine(engine);
  std::vector<provision::ViewColumn> wanted;
  for (const auto& column : columns) {
    if (known == nullptr) break;
    auto type = known->column_type(column.type);
    if (!type) return std::move(type).error();
    wanted.push_back({column.name, *type});
  }
  auto change = provisioner.view_change(target, wanted);
  if (!change) return std::move(change).error();
  Publication out;
  out.dependants = std::move(change->dependants);
  out.drops_view = change->drops;
  if (out.drops_view && !out.dependants.empty()) {
    base::Error error = base::terminal(
        "ViewHasDependants",
        fmt::format(
            "the view {} would have to be dropped, as a column is removed, retyped or moved, but it is "
            "used by {}",
            target.target_name, fmt::join(out.dependants, ", ")));
    error.location.field = "spec.sql";
    out.allowed = std::move(error).with_hint("drop those first, or only add columns at the end");
  }
  return out;
}

}  // namespace offtake::planning
