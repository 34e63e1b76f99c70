import { useState } from "react";
import type { ColumnRef } from "../../api/builder";
import { flattened } from "../../model/column-tree";
import { Button, IconButton } from "../../ui/button";
import { Select } from "../../ui/field";
import type { StepProps } from "./form";
import { Step } from "./step";

type Aggregate = "count" | "sum" | "min" | "max" | "avg";

const AGGREGATES: { id: Aggregate; label: string }[] = [
  { id: "count", label: "count of" },
  { id: "sum", label: "sum of" },
  { id: "avg", label: "average of" },
  { id: "min", label: "least of" },
  { id: "max", label: "greatest of" },
];
const NUMERIC = /^(smallint|int|integer|bigint|numeric|decimal|real|double|float)/;

export function GroupStep({ builder }: StepProps) {
  const form = builder.analysis?.form;
  const [adding, setAdding] = useState(false);
  const [what, setWhat] = useState<Aggregate>("count");
  if (!form) return null;
  const { edit } = builder;
  const columns = form.datasets.flatMap((dataset) =>
    flattened(dataset.columns ?? []).map((column) => ({
      id: `${dataset.alias}.${column.name}`,
      type: column.type,
      source: { dataset: dataset.alias, column: column.name } satisfies ColumnRef,
    })),
  );
  const grouped = form.groupBy;
  const item = (group: (typeof grouped)[number]) =>
    group.source ? { source: group.source } : { expression: group.text };
  return (
    <Step
      title="Grouping"
      aside={
        !adding && (
          <Button small icon="request" onPress={() => setAdding(true)}>
            Add aggregate
          </Button>
        )
      }
    >
      {grouped.length === 0 && !adding && <p className="dim">One row for each record that drives it.</p>}
      {grouped.length > 0 && (
        <div className="groups">
          <span className="soft">One row for each</span>
          <ul className="group-chips">
            {grouped.map((group, index) => (
              <li key={group.text} className="group-chip">
                <code>{group.text}</code>
                <IconButton
                  small
                  icon="close"
                  label={`Do not group by ${group.text}`}
                  onPress={() =>
                    edit({ kind: "setGroupBy", items: grouped.filter((_, at) => at !== index).map(item) })
                  }
                />
              </li>
            ))}
          </ul>
          <Select
            small
            hideLabel
            label="Group by another column"
            placeholder="and …"
            value={null}
            onChange={(id) => {
              const column = columns.find((each) => each.id === id);
              if (column)
                edit({ kind: "setGroupBy", items: [...grouped.map(item), { source: column.source }] });
            }}
            options={columns.map((column) => ({ id: column.id, label: column.id, detail: column.type }))}
          />
        </div>
      )}
      {adding && (
        <div className="inline-form">
          <Select
            small
            hideLabel
            label="Aggregate"
            value={what}
            onChange={(id) => setWhat(id as Aggregate)}
            options={AGGREGATES}
          />
          <Select
            small
            hideLabel
            label="Column of the aggregate"
            placeholder="Choose what"
            value={null}
            onChange={(id) => {
              setAdding(false);
              const column = columns.find((each) => each.id === id);
              edit({
                kind: "addAggregate",
                function: what,
                ...(column ? { source: column.source } : {}),
                group: true,
              });
            }}
            options={[
              ...(what === "count" ? [{ id: "*", label: "rows" }] : []),
              ...columns
                .filter((column) => (what === "sum" || what === "avg" ? NUMERIC.test(column.type) : true))
                .map((column) => ({ id: column.id, label: column.id, detail: column.type })),
            ]}
          />
          <Button small variant="ghost" onPress={() => setAdding(false)}>
            Cancel
          </Button>
        </div>
      )}
    </Step>
  );
}
