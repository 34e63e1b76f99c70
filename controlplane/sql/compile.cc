#include "controlplane/sql/compile.h"

#include <algorithm>

#include "controlplane/sql/grammar.h"
#include "controlplane/sql/passes/passes.h"
#include "controlplane/sql/select.h"
#include "controlplane/sql/suggest.h"

namespace offtake::sql {
namespace {

// The catalogue's answer for each table of FROM.
bool look_up(const CompileInput& input, const SourceText& source, std::vector<TableUse>& tables,
             Compiled& out) {
  bool all = true;
  for (TableUse& table : tables) {
    auto schema = input.catalog.schema(table.id);
    if (schema) {
      table.schema = *std::move(schema);
      continue;
    }
    all = false;
    base::Error error = std::move(schema).error();
    error.location = source.locate(table.byte);
    if (error.retry != base::Retry::kWaiting) {
      out.errors.push_back(std::move(error));
      continue;
    }
    if (error.hint.empty() && input.catalog.names) {
      std::vector<std::string> names;
      for (const DatasetName& name : input.catalog.names()) {
        names.push_back(name.dataset_namespace == table.id.dataset_namespace ? name.name : name.text());
      }
      error.hint = did_you_mean(table.id.name, names);
    }
    out.missing.push_back({table.id, std::move(error)});
  }
  return all;
}

passes::Draft to_draft(Draft bound) {
  passes::Draft out;
  out.plan.root = std::move(bound.root);
  for (const TableUse& table : bound.tables) {
    const DatasetSchema& schema = table.schema;
    const auto index_of = [&](const std::string& name) {
      for (std::size_t i = 0; i < schema.columns.size(); ++i) {
        if (schema.columns[i].name == name) return static_cast<int>(i);
      }
      return -1;
    };
    plan::SourceUse use;
    use.dataset_namespace = table.id.dataset_namespace;
    use.dataset = table.id.name;
    use.kind = schema.kind;
    use.columns = table.columns;
    use.classified = schema.classified;
    passes::SourceFacts facts;
    facts.alias = table.alias;
    for (const std::string& name : schema.key) facts.key.push_back(index_of(name));
    if (std::find(facts.key.begin(), facts.key.end(), -1) != facts.key.end()) facts.key.clear();
    if (use.kind == plan::SourceUse::Kind::kEntity) use.key = facts.key;
    if (schema.event_time && index_of(*schema.event_time) >= 0)
      facts.event_time = index_of(*schema.event_time);
    out.plan.sources.push_back(std::move(use));
    out.facts.push_back(std::move(facts));
  }
  return out;
}

void optimize(const CompileInput& input, const SourceText& source, Draft bound, Compiled& out) {
  passes::Draft draft = to_draft(std::move(bound));
  passes::Outcome outcome;
  passes::optimize(draft, {input.history_start_us, input.declared_key}, outcome);
  for (passes::Fault& fault : outcome.faults) {
    fault.error.location = source.locate(fault.position);
    if (fault.error.code == "UnknownKeyColumn") fault.error.location.field = input.key_field;
    out.errors.push_back(std::move(fault.error));
  }
  out.warnings.insert(out.warnings.end(), outcome.warnings.begin(), outcome.warnings.end());
  out.steps = std::move(outcome.steps);
  for (std::size_t i = 0; i < draft.plan.sources.size(); ++i) {
    const plan::SourceUse& read = draft.plan.sources[i];
    DatasetUse use{
        {read.dataset_namespace, read.dataset}, read.kind, {}, read.windowed, draft.facts[i].reason};
    for (const types::Field& field : read.columns) use.columns.push_back(field.name);
    out.datasets.push_back(std::move(use));
  }
  if (out.errors.empty()) out.plan = std::move(draft.plan);
}

void compile_here(const CompileInput& input, Compiled& out) {
  auto source = SourceText::scan(input.sql, input.field);
  if (!source) {
    out.errors.push_back(std::move(source).error());
    return;
  }
  auto select = parse_select(*source);
  if (!select) {
    out.errors.push_back(std::move(select).error());
    return;
  }
  out.errors = find_unsupported(*source, *select, out.warnings);
  std::vector<TableUse> tables = tables_of(*select, input.default_namespace);
  if (!look_up(input, *source, tables, out) || !out.errors.empty()) return;
  Problems problems{*source, out.errors};
  Draft bound = bind_select(problems, *select, std::move(tables));
  if (!bound.root || !out.errors.empty()) return;
  optimize(input, *source, std::move(bound), out);
}

void sort_by_position(std::vector<base::Error>& errors) {
  std::stable_sort(errors.begin(), errors.end(), [](const base::Error& a, const base::Error& b) {
    return std::pair(a.location.line, a.location.column) < std::pair(b.location.line, b.location.column);
  });
  // One fault may be met twice, as of the two bounds of BETWEEN.
  errors.erase(std::unique(errors.begin(), errors.end(),
                           [](const base::Error& a, const base::Error& b) { return a.text() == b.text(); }),
               errors.end());
}

}  // namespace

Compiled compile(const CompileInput& input) {
  Compiled out;
  const base::Status ran = on_deep_stack([&] { compile_here(input, out); });
  if (!ran) {
    out.errors.push_back(ran.error());
    out.errors.back().location.field = input.field;
  }
  sort_by_position(out.errors);
  return out;
}

std::vector<base::Error> check_grammar(std::string_view sql, std::string_view field) {
  std::vector<base::Error> errors;
  const base::Status ran = on_deep_stack([&] {
    auto source = SourceText::scan(sql, field);
    if (!source) {
      errors.push_back(std::move(source).error());
      return;
    }
    auto select = parse_select(*source);
    if (!select) {
      errors.push_back(std::move(select).error());
      return;
    }
    std::vector<std::string> warnings;
    errors = find_unsupported(*source, *select, warnings);
  });
  if (!ran) errors.push_back(ran.error());
  sort_by_position(errors);
  return errors;
}

std::vector<DatasetName> referenced_datasets(std::string_view sql, std::string_view default_namespace) {
  std::vector<DatasetName> out;
  const base::Status ran = on_deep_stack([&] {
    auto source = SourceText::scan(sql, "");
    if (!source) return;
    auto select = parse_select(*source);
    if (!select) return;
    for (const TableUse& table : tables_of(*select, default_namespace)) {
      if (std::find(out.begin(), out.end(), table.id) == out.end()) out.push_back(table.id);
    }
  });
  if (!ran) out.clear();
  return out;
}

}  // namespace offtake::sql
