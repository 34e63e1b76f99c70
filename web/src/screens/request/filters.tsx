import { useRef, useState } from "react";
import type { ColumnRef, Form, FormFilter, Operator } from "../../api/builder";
import type { Builder } from "../../data/builder";
import { flattened } from "../../model/column-tree";
import { arity, firstOperator, operatorsFor, refit } from "../../model/filter-values";
import { listText, listValues } from "../../model/value-list";
import { Button, IconButton } from "../../ui/button";
import { Select } from "../../ui/field";
import { neighbours, useRefocus } from "../../ui/refocus";
import { ExpressionForm, TextEdit } from "./columns";
import type { StepProps } from "./form";
import { Step } from "./step";

const NAMES: Record<Operator, string> = {
  "=": "is",
  "<>": "is not",
  "<": "less than",
  "<=": "at most",
  ">": "more than",
  ">=": "at least",
  In: "is one of",
  NotIn: "is none of",
  Between: "between",
  NotBetween: "not between",
  Like: "is like",
  NotLike: "is not like",
  IsNull: "is null",
  IsNotNull: "is not null",
};

const columnsOf = (form: Form) =>
  form.datasets.flatMap((dataset) =>
    flattened(dataset.columns ?? []).map((column) => ({
      id: `${dataset.alias}.${column.name}`,
      type: column.type,
      source: { dataset: dataset.alias, column: column.name } satisfies ColumnRef,
    })),
  );

// What it is about, and the how-many-th such it is: it stays the same row when others go, or its value changes.
function keyed(filters: readonly FormFilter[], index: number): string {
  const about = (filter: FormFilter | undefined) =>
    filter?.source ? `${filter.source.dataset}.${filter.source.column}` : (filter?.text ?? "");
  const mine = about(filters[index]);
  return `${mine} ${filters.slice(0, index).filter((each) => about(each) === mine).length}`;
}

export function FiltersStep({ builder }: StepProps) {
  const form = builder.analysis?.form;
  const [writing, setWriting] = useState(false);
  const step = useRef<HTMLElement>(null);
  const refocus = useRefocus(step, writing ? "writing" : form);
  if (!form) return null;
  const close = () => {
    setWriting(false);
    refocus(".step-aside button");
  };
  const { edit } = builder;
  const columns = columnsOf(form);
  return (
    <Step
      ref={step}
      title="Filters"
      aside={
        <Button small icon="edit" onPress={() => setWriting(true)}>
          Write a condition
        </Button>
      }
    >
      {form.filters.length > 0 && (
        <ul className="filter-list">
          {form.filters.map((filter, index) => (
            <li key={keyed(form.filters, index)} className="filter-row">
              {filter.kind === "Simple" && filter.source && filter.operator ? (
                <SimpleFilter filter={filter} index={index} columns={columns} edit={edit} />
              ) : (
                <TextEdit
                  label={`Condition ${index + 1}`}
                  value={filter.text}
                  onCommit={(text) => edit({ kind: "setFilter", index, expression: text })}
                />
              )}
              <IconButton
                small
                icon="close"
                label={`Remove filter ${filter.text}`}
                onPress={() => {
                  refocus(...neighbours(index, "> button:last-child"), ".filter-add button");
                  edit({ kind: "removeFilter", index });
                }}
              />
            </li>
          ))}
        </ul>
      )}
      {writing ? (
        <ExpressionForm
          label="Condition"
          placeholder="p.amount_cents > 1000 OR p.method = 'card'"
          named={false}
          onCancel={close}
          onAdd={async (expression) => {
            if (await edit({ kind: "addFilter", expression })) close();
          }}
        />
      ) : (
        <div className="filter-add">
          <Select
            label="Add a filter"
            hideLabel
            small
            placeholder="Add a filter on …"
            value={null}
            onChange={(id) => {
              const column = columns.find((each) => each.id === id);
              if (!column) return;
              const operator = firstOperator(column.type);
              edit({
                kind: "addFilter",
                source: column.source,
                operator,
                values: refit([], operator, column.type),
              });
            }}
            options={columns.map((column) => ({ id: column.id, label: column.id, detail: column.type }))}
          />
        </div>
      )}
    </Step>
  );
}

function SimpleFilter({
  filter,
  index,
  columns,
  edit,
}: {
  filter: FormFilter;
  index: number;
  columns: { id: string; type: string; source: ColumnRef }[];
  edit: Builder["edit"];
}) {
  const source = filter.source as ColumnRef;
  const operator = filter.operator as Operator;
  const values = filter.values ?? [];
  const type =
    filter.type ?? columns.find((each) => each.id === `${source.dataset}.${source.column}`)?.type ?? "text";
  const set = (next: { source?: ColumnRef; operator?: Operator; values?: string[] }) =>
    edit({ kind: "setFilter", index, source, operator, values, ...next });
  const wanted = arity(operator);
  const name = `${source.dataset}.${source.column}`;
  return (
    <>
      <Select
        small
        hideLabel
        label="Column of the filter"
        value={name}
        onChange={(id) => {
          const column = columns.find((each) => each.id === id);
          if (!column) return;
          const fits = operatorsFor(column.type).includes(operator) ? operator : firstOperator(column.type);
          set({
            source: column.source,
            operator: fits,
            values: column.type === type ? refit(values, fits, type) : refit([], fits, column.type),
          });
        }}
        options={columns.map((column) => ({ id: column.id, label: column.id, detail: column.type }))}
      />
      <Select
        small
        hideLabel
        label={`How ${name} is compared`}
        value={operator}
        onChange={(id) => set({ operator: id as Operator, values: refit(values, id as Operator, type) })}
        options={operatorsFor(type).map((each) => ({ id: each, label: NAMES[each] }))}
      />
      <span className="filter-values">
        {wanted === Number.POSITIVE_INFINITY ? (
          <TextEdit
            label={`Values for ${name}, separated by commas`}
            value={listText(values)}
            onCommit={(text) => set({ values: listValues(text) })}
          />
        ) : type === "boolean" && wanted === 1 ? (
          <Select
            small
            hideLabel
            label={`Value for ${name}`}
            value={values[0] === "false" || values[0] === "f" ? "false" : "true"}
            onChange={(value) => set({ values: [value] })}
            options={[
              { id: "true", label: "true" },
              { id: "false", label: "false" },
            ]}
          />
        ) : (
          Array.from({ length: wanted }, (_, at) => (
            <TextEdit
              key={at}
              label={wanted === 2 ? `${at === 0 ? "Lower" : "Upper"} bound for ${name}` : `Value for ${name}`}
              value={values[at] ?? ""}
              placeholder="value"
              onCommit={(text) =>
                set({ values: refit(values, operator, type).map((each, i) => (i === at ? text : each)) })
              }
            />
          ))
        )}
      </span>
    </>
  );
}
