// Two datasets that no proposal joins: the columns are chosen by hand, of types that compare.
import { useState } from "react";
import type { Edit, FormDataset } from "../../api/builder";
import type { Column } from "../../api/catalog";
import { useDataset } from "../../data/catalogue";
import { flattened } from "../../model/column-tree";
import { Button } from "../../ui/button";
import { Failure, SkeletonRows } from "../../ui/feedback";
import { Segments, Select } from "../../ui/field";
import { Dialog } from "../../ui/overlay";

/** Columns, and the fields of records; what is within arrays and maps is many values. */
function withinRecords(columns: readonly Column[]): Column[] {
  return columns.flatMap((column) => [
    column,
    ...(/^record\(.*\)$/s.test(column.type) ? withinRecords(column.children ?? []) : []),
  ]);
}

export function JoinDialog({
  datasets,
  namespace,
  name,
  onClose,
  onJoin,
}: {
  datasets: FormDataset[];
  namespace: string;
  name: string;
  onClose: () => void;
  onJoin: (edit: Edit) => void;
}) {
  const right = useDataset(namespace, name);
  const [type, setType] = useState<"Inner" | "Left">("Inner");
  const [left, setLeft] = useState<string | null>(null);
  const [column, setColumn] = useState<string | null>(null);
  const leftColumns = datasets.flatMap((dataset) =>
    flattened(dataset.columns ?? []).map((each) => ({
      id: `${dataset.alias}.${each.name}`,
      type: each.type,
    })),
  );
  const leftType = leftColumns.find((each) => each.id === left)?.type;
  return (
    <Dialog
      title={`Join ${name}`}
      open
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isDisabled={left === null || column === null}
            onPress={() => {
              if (left === null || column === null) return;
              const cut = left.indexOf(".");
              onJoin({
                kind: "addDataset",
                namespace,
                name,
                join: {
                  type,
                  pairs: [{ left: { dataset: left.slice(0, cut), column: left.slice(cut + 1) }, column }],
                },
              });
            }}
          >
            Join
          </Button>
        </>
      }
    >
      <p>No key or relationship joins it to what is there. Choose the columns that are equal.</p>
      {right.isPending && <SkeletonRows rows={2} height={36} />}
      {right.isError && <Failure what="Its schema could not be read." error={right.error} />}
      {right.data && (
        <>
          <Select
            label="Of what is there"
            value={left}
            onChange={setLeft}
            options={leftColumns.map((each) => ({ id: each.id, label: each.id, detail: each.type }))}
          />
          <Select
            label={`Of ${name}`}
            value={column}
            onChange={setColumn}
            options={withinRecords(right.data.schema ?? []).map((each) => ({
              id: each.path,
              label: each.path,
              detail: each.key ? `${each.type}, key` : each.type,
              disabled: each.refused !== undefined || (leftType !== undefined && each.type !== leftType),
            }))}
          />
          <Segments
            label="How it is joined"
            value={type}
            onChange={setType}
            options={[
              { id: "Inner", label: "must match" },
              { id: "Left", label: "may be missing" },
            ]}
          />
        </>
      )}
    </Dialog>
  );
}
