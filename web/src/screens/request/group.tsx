import { useState } from "react";
import type { ColumnRef, FormGroup } from "../../api/builder";
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

type GroupItem = { source: ColumnRef } | { expression: string };

const item = (group: FormGroup): GroupItem =>
  group.source ? { source: group.source } : { expression: group.text };

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
  // Of the groups as they are when its turn comes.
  const regroup = (change: (groups: GroupItem[], of: readonly FormGroup[]) => GroupItem[]) =>
    edit(({ form: now }) => now && { kind: "setGroupBy", items: change(now.groupBy.map(item), now.groupBy) });
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
            {grouped.map((group) => (
              <li key={group.text} className="group-chip">
                <code>{group.text}</code>
                <IconButton
                  small
                  icon="close"
                  label={`Do not group by ${group.text}`}
                  onPress={() => regroup((items, of) => items.filter((_, at) => of[at]?.text !== group.text))}
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
              if (column) regroup((items) => [...items, { source: column.source }]);
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
