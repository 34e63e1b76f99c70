import { useRef, useState } from "react";
import type { Analysis, FormColumn } from "../../api/builder";
import { bytes } from "../../format/numbers";
import { shortType } from "../../format/types";
import { moved } from "../../model/carry";
import { flattened } from "../../model/column-tree";
import { Button, IconButton } from "../../ui/button";
import { Meter } from "../../ui/display";
import { SearchField } from "../../ui/field";
import { neighbours, useRefocus } from "../../ui/refocus";
import { ColumnSet } from "./column-set";
import type { StepProps } from "./form";
import { Step } from "./step";

/** Take only what you need: the columns of each dataset, ticked, and the bytes that this saves. */
export function ColumnsStep({ builder }: StepProps) {
  const analysis = builder.analysis;
  const form = analysis?.form;
  const [query, setQuery] = useState("");
  if (!form) return null;
  const most = form.datasets.reduce((sum, dataset) => sum + flattened(dataset.columns ?? []).length, 0);
  const saved = savedOf(analysis);
  return (
    <Step
      title="Columns"
      aside={
        saved && (
          <span className="saved" title={`measured by ${saved.basis}`}>
            <span className="saved-meter">
              <Meter fraction={saved.fraction} label="Share of the bytes that is read" tone="good" />
            </span>
            {bytes(saved.read)} of {bytes(saved.whole)} a record, {Math.round((1 - saved.fraction) * 100)}%
            saved
          </span>
        )
      }
    >
      {most > 12 && (
        <SearchField label="Search columns" placeholder="Search columns" value={query} onChange={setQuery} />
      )}
      <div className="column-sets">
        {form.datasets.map((dataset) => (
          <ColumnSet
            key={dataset.alias}
            dataset={dataset}
            columns={form.columns}
            query={query}
            edit={builder.edit}
          />
        ))}
      </div>
    </Step>
  );
}

function savedOf(analysis: Analysis | undefined) {
  let read = 0;
  let whole = 0;
  let basis = "the newest records";
  for (const each of analysis?.reads ?? []) {
    if (!each.bytes) return undefined;
    read += each.bytes.read;
    whole += each.bytes.whole;
    if (each.bytes.basis === "Schema") basis = "types";
  }
  return whole > 0 ? { read, whole, fraction: read / whole, basis } : undefined;
}

// Its text, and the how-many-th such it is: it stays the same row when others come, go or move.
function keyed(columns: readonly FormColumn[], index: number): string {
  const text = columns[index]?.text ?? "";
  return `${text} ${columns.slice(0, index).filter((each) => each.text === text).length}`;
}

/** What one row of the result has, in order: names, order, expressions. */
export function ResultStep({ builder }: StepProps) {
  const form = builder.analysis?.form;
  const [expression, setExpression] = useState<string | undefined>(undefined);
  const card = useRef<HTMLElement>(null);
  const refocus = useRefocus(card, expression === undefined ? form : "writing");
  if (!form) return null;
  const { edit } = builder;
  const move = (index: number, by: number) => {
    // A row that is moved loses the focus in some browsers.
    const row = `li:nth-of-type(${index + by + 1})`;
    refocus(`${row} .result-actions button:nth-of-type(${by < 0 ? 1 : 2})`, `${row} .result-actions button`);
    edit((now) => now.form && moved(index, by, form, now.form));
  };
  const close = () => {
    setExpression(undefined);
    refocus(".step-aside button");
  };
  return (
    <Step
      ref={card}
      title="Result"
      aside={
        expression === undefined && (
          <Button small icon="request" onPress={() => setExpression("")}>
            Add expression
          </Button>
        )
      }
    >
      {form.columns.length === 0 && <p className="dim">Tick columns above.</p>}
      <ol className="result-columns">
        {form.columns.map((column, index) => {
          const output = builder.analysis?.output?.[index];
          const starred = form.columns.some((each) => each.kind === "Star");
          return (
            <li key={keyed(form.columns, index)} className="result-column">
              {column.kind === "Star" ? (
                <span className="row grow">
                  <code>{column.text}</code>
                  <span className="dim small">every column</span>
                  <Button small variant="ghost" onPress={() => edit({ kind: "expandStar", index })}>
                    Write out
                  </Button>
                </span>
              ) : (
                <>
                  <TextEdit
                    label={`Name of ${column.text}`}
                    value={column.name ?? ""}
                    placeholder="needs a name"
                    onCommit={(name) => edit({ kind: "renameColumn", index, name })}
                  />
                  {column.kind === "Expression" ? (
                    <TextEdit
                      label={`Expression of ${column.name || column.text}`}
                      value={column.text}
                      onCommit={(text) => edit({ kind: "setColumn", index, expression: text })}
                    />
                  ) : (
                    <code className="result-source truncate" title={column.text}>
                      {column.text}
                    </code>
                  )}
                  <span className="result-type truncate">
                    {!starred && output ? shortType(output.targetType ?? output.type) : ""}
                  </span>
                </>
              )}
              <span className="result-actions">
                <IconButton
                  small
                  icon="up"
                  label={`Move ${column.name ?? column.text} up`}
                  isDisabled={index === 0}
                  onPress={() => move(index, -1)}
                />
                <IconButton
                  small
                  icon="down"
                  label={`Move ${column.name ?? column.text} down`}
                  isDisabled={index === form.columns.length - 1}
                  onPress={() => move(index, 1)}
                />
                <IconButton
                  small
                  icon="close"
                  label={`Take ${column.name ?? column.text} out`}
                  onPress={() => {
                    refocus(
                      ...neighbours(index, ".result-actions > button:last-child"),
                      ".step-aside button",
                    );
                    edit({ kind: "removeColumn", index });
                  }}
                />
              </span>
            </li>
          );
        })}
      </ol>
      {expression !== undefined && (
        <ExpressionForm
          label="Expression"
          placeholder="p.amount_cents / 100.0"
          onCancel={close}
          onAdd={async (text, name) => {
            if (await edit({ kind: "addColumn", expression: text, ...(name ? { name } : {}) })) close();
          }}
        />
      )}
    </Step>
  );
}

export function ExpressionForm({
  label,
  placeholder,
  onAdd,
  onCancel,
  named = true,
}: {
  label: string;
  placeholder: string;
  onAdd: (text: string, name: string) => void;
  onCancel: () => void;
  named?: boolean;
}) {
  const [text, setText] = useState("");
  const [name, setName] = useState("");
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") onAdd(text.trim(), name.trim());
      }}
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: it was just asked for
        autoFocus
        className="input mono grow"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onCancel()}
      />
      {named && (
        <input
          className="input mono inline-name"
          aria-label="Name of the column"
          placeholder="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      )}
      <Button small type="submit" isDisabled={text.trim() === ""}>
        Add
      </Button>
      <Button small variant="ghost" onPress={onCancel}>
        Cancel
      </Button>
    </form>
  );
}

/** A text in place: committed by Enter or on leaving, taken back by Escape. */
export function TextEdit({
  label,
  value,
  onCommit,
  placeholder,
  type = "text",
}: {
  label: string;
  value: string;
  onCommit: (value: string) => void;
  placeholder?: string;
  type?: string;
}) {
  const [text, setText] = useState<string | undefined>(undefined);
  const commit = () => {
    if (text !== undefined && text !== value) onCommit(text);
    setText(undefined);
  };
  return (
    <input
      className="text-edit mono"
      aria-label={label}
      type={type}
      value={text ?? value}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          commit();
        } else if (event.key === "Escape") {
          setText(undefined);
        }
      }}
    />
  );
}
