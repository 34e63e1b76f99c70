// Edits by place ("the third column") are about what somebody saw. Where the query has changed since, they are carried to
// where the same thing stands now.
import type { Edit, Form, FormColumn, FormFilter } from "../api/builder";

const wordsOfColumn = (column: FormColumn) => JSON.stringify([column.kind, column.text, column.name ?? ""]);
const wordsOfFilter = (filter: FormFilter) => filter.text;

/** Where what stood at `index` stands now; undefined where it is gone, or one of several alike that came or went. */
function placeOf(index: number, seen: readonly string[], now: readonly string[]): number | undefined {
  const wanted = seen[index];
  const before = seen.flatMap((each, at) => (each === wanted ? [at] : []));
  const after = now.flatMap((each, at) => (each === wanted ? [at] : []));
  return wanted !== undefined && before.length === after.length ? after[before.indexOf(index)] : undefined;
}

/** Whether the edit says a place in a list, and so depends on the form that was seen. */
export function saysPlace(edit: Edit): boolean {
  return (
    "index" in edit || edit.kind === "reorderColumns" || ("position" in edit && edit.position !== undefined)
  );
}

/** The edit for the form of now; undefined where what it is about cannot be told any more. */
export function carried(edit: Edit, seen: Form, now: Form): Edit | undefined {
  if (!saysPlace(edit)) return edit;
  const columns = [seen.columns.map(wordsOfColumn), now.columns.map(wordsOfColumn)] as const;
  if (!("index" in edit)) {
    return columns[0].join("\n") === columns[1].join("\n") ? edit : undefined;
  }
  const filters = [seen.filters.map(wordsOfFilter), now.filters.map(wordsOfFilter)] as const;
  const lists = edit.kind === "setFilter" || edit.kind === "removeFilter" ? filters : columns;
  const index = placeOf(edit.index, ...lists);
  return index === undefined ? undefined : { ...edit, index };
}

/** One place on or back in the order of the result, of a column as it was seen. */
export function moved(index: number, by: number, seen: Form, now: Form): Edit | undefined {
  const from = placeOf(index, seen.columns.map(wordsOfColumn), now.columns.map(wordsOfColumn));
  const to = (from ?? 0) + by;
  if (from === undefined || to < 0 || to >= now.columns.length) return undefined;
  const order = now.columns.map((_, at) => at);
  order.splice(to, 0, ...order.splice(from, 1));
  return { kind: "reorderColumns", order };
}

/** The declared key after an edit: a column that was renamed goes on as part of it, one that was taken out does not. */
export function keyAfter(
  key: readonly string[] | undefined,
  edit: Edit,
  before: Form,
  after: Form,
): string[] | undefined {
  if (key === undefined || (edit.kind !== "renameColumn" && edit.kind !== "removeColumn"))
    return key?.slice();
  const index =
    "index" in edit
      ? edit.index
      : before.columns.findIndex(
          ({ kind, source }) =>
            kind === "Column" && source?.dataset === edit.dataset && source.column === edit.column,
        );
  const old = before.columns[index]?.name;
  if (old === undefined || after.columns.some((each) => each.name === old)) return key.slice();
  const name = edit.kind === "renameColumn" ? after.columns[index]?.name : undefined;
  const out = key.flatMap((each) => (each !== old ? [each] : name !== undefined ? [name] : []));
  return out.length > 0 ? out : undefined;
}
