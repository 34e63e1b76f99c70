// The columns of one dataset as a tree that is ticked; records open.
import { useId, useState } from "react";
import type { FormColumn, FormColumnOf, FormDataset } from "../../api/builder";
import type { Builder } from "../../data/builder";
import { plural } from "../../format/numbers";
import { shortType } from "../../format/types";
import {
  aroundOf,
  fitting,
  flattened,
  isWithin,
  lastOf,
  type Tick,
  takenOf,
  tickedOf,
  tickNothing,
  tickOff,
  tickOn,
} from "../../model/column-tree";
import { Checkbox } from "../../ui/field";
import { Icon } from "../../ui/icons";
import "./column-set.css";

interface Tree {
  taken: ReadonlySet<string>;
  /** Somebody looks for something: what was found is shown whether its records are open or not. */
  searched: boolean;
  isOpen: (column: FormColumnOf) => boolean;
  setOpen: (path: string, open: boolean) => void;
  tick: (path: string, on: boolean) => void;
}

export function ColumnSet({
  dataset,
  columns,
  query,
  edit,
}: {
  dataset: FormDataset;
  columns: readonly FormColumn[];
  query: string;
  edit: Builder["edit"];
}) {
  const all = dataset.columns ?? [];
  const shown = fitting(all, query);
  const known = takenOf(all, columns, dataset.alias);
  // A tick shows at once; the text follows when the server has made it.
  const [ahead, setAhead] = useState<ReadonlyMap<string, boolean>>(new Map());
  const taken = new Set(
    flattened(all)
      .map((each) => each.name)
      .filter((path) => ahead.get(path) ?? known.has(path)),
  );
  const [opened, setOpened] = useState<ReadonlyMap<string, boolean>>(new Map());
  const place = { alias: dataset.alias, all, columns, taken };
  const carryOut = (tick: Tick) => {
    const changed = [...new Set([...taken, ...tick.taken])].filter(
      (path) => taken.has(path) !== tick.taken.has(path),
    );
    setAhead(
      (before) => new Map([...before, ...changed.map((path) => [path, tick.taken.has(path)] as const)]),
    );
    edit(...tick.edits).finally(() =>
      setAhead((before) => new Map([...before].filter(([path]) => !changed.includes(path)))),
    );
  };
  const tree: Tree = {
    taken,
    searched: query.trim() !== "",
    isOpen: (column) => opened.get(column.name) ?? tickedOf(column, taken) === "some",
    setOpen: (path, open) => setOpened((before) => new Map(before).set(path, open)),
    tick: (path, on) => {
      // The record in which somebody ticks stays open, also when nothing of it is taken any more.
      for (let around = aroundOf(path); around !== ""; around = aroundOf(around)) tree.setOpen(around, true);
      carryOut(on ? tickOn(place, [path]) : tickOff(place, path));
    },
  };
  if (shown.length === 0 && tree.searched) return null;
  const count = all.filter((each) => tickedOf(each, taken) !== "none").length;
  const whole = all.filter((each) => tickedOf(each, taken) === "all").length;
  const missing = all.filter((each) => !taken.has(each.name)).map((each) => each.name);
  return (
    <fieldset className="column-set">
      <legend className="sr-only">Columns of {dataset.name}</legend>
      <div className="column-set-head">
        <Checkbox
          checked={whole > 0 && whole === all.length}
          indeterminate={count > 0 && whole < all.length}
          onChange={(on) => {
            if (!on) carryOut(tickNothing(place));
            else if (missing.length > 0) carryOut(tickOn(place, missing));
          }}
          label={`All columns of ${dataset.name}`}
        >
          <strong>{dataset.name}</strong>
        </Checkbox>
        <span className="dim small">
          {count} of {plural(all.length, "column")}
        </span>
      </div>
      <Branch columns={shown} tree={tree} opens={all.some((each) => each.fields)} />
    </fieldset>
  );
}

/** `opens`: all of them leave room for the button that opens a record, so that boxes of one level stand in line. */
function Branch({
  columns,
  tree,
  opens,
  label,
  id,
}: {
  columns: readonly FormColumnOf[];
  tree: Tree;
  opens: boolean;
  label?: string;
  id?: string;
}) {
  return (
    <ul aria-label={label} id={id} className={label ? "column-fields" : undefined}>
      {columns.map((column) => (
        <Row key={column.name} column={column} tree={tree} opens={opens} />
      ))}
    </ul>
  );
}

function Row({ column, tree, opens }: { column: FormColumnOf; tree: Tree; opens: boolean }) {
  const id = useId();
  const ticked = tickedOf(column, tree.taken);
  const fields = column.fields ?? [];
  const open = fields.length > 0 && (tree.searched || tree.isOpen(column));
  const around = aroundOf(column.name);
  return (
    <li>
      <div className="column-row">
        {fields.length > 0 ? (
          <button
            type="button"
            className="column-opener"
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            aria-label={`Fields of ${column.name}`}
            disabled={tree.searched}
            onClick={() => tree.setOpen(column.name, !open)}
          >
            <Icon name={open ? "down" : "right"} size={12} />
          </button>
        ) : (
          opens && <span className="column-opener" aria-hidden="true" />
        )}
        <Checkbox
          checked={ticked === "all"}
          indeterminate={ticked === "some"}
          onChange={(on) => tree.tick(column.name, on)}
        >
          <code className="truncate">{lastOf(column.name)}</code>
          {around !== "" && <span className="sr-only">of {around}</span>}
          {column.key && (
            <span className="column-mark" title="Part of the key">
              <Icon name="key" size={14} />
              <span className="sr-only">key</span>
            </span>
          )}
          {column.classified && (
            <span className="column-mark column-classified" title="Classified: its values show in no message">
              <Icon name="lock" size={14} />
              <span className="sr-only">classified</span>
            </span>
          )}
          <span className="column-set-type truncate">
            {ticked === "some" ? partOf(column, tree.taken) : shortType(column.type)}
            {ticked === "none" && column.used && (
              <span title="Read for a join, a filter or an expression, and no column of the result">
                {" "}
                · read
              </span>
            )}
          </span>
        </Checkbox>
      </div>
      {open && <Branch columns={fields} tree={tree} opens label={`Fields of ${column.name}`} id={id} />}
    </li>
  );
}

/** "2 of 3 fields": those that hold columns, not the records around them. */
function partOf(column: FormColumnOf, taken: ReadonlySet<string>): string {
  const leaves = flattened(column.fields ?? []).filter((each) => !each.fields);
  const those = leaves.filter((each) =>
    [...taken].some((path) => path === each.name || isWithin(each.name, path)),
  );
  return `${those.length} of ${plural(leaves.length, "field")}`;
}
