// The columns of a dataset with the fields within them, as they are ticked: which paths the query takes, and which
// edits follow from a tick. A record is taken whole, as one column, or some of its fields are, each as its own.
import type { Analysis, Edit, EditStep, FormColumn, FormColumnOf } from "../api/builder";
import { shortType } from "../format/types";
import { relevance, words } from "./search";

/** "address.city" -> "city" */
export const lastOf = (path: string): string => path.slice(path.lastIndexOf(".") + 1);
/** "address.city" -> "address"; of a column itself nothing. */
export const aroundOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf(".")));
export const isWithin = (path: string, outer: string): boolean => path.startsWith(`${outer}.`);

/** How many columns of a dataset such paths are of: fields of one record are one column. */
export const columnsAmong = (paths: readonly string[]): number =>
  new Set(paths.map((path) => path.split(".", 1)[0])).size;

/** All of them, each before the fields within it. */
export function flattened(columns: readonly FormColumnOf[]): FormColumnOf[] {
  return columns.flatMap((column) => [column, ...flattened(column.fields ?? [])]);
}

/** What fits the words, with the records around it; the fields of a record only where they fit themselves. */
export function fitting(columns: readonly FormColumnOf[], query: string): FormColumnOf[] {
  const wanted = words(query);
  if (wanted.length === 0) return [...columns];
  return columns.flatMap((column) => {
    const fields = fitting(column.fields ?? [], query);
    const fits = relevance(wanted, `${column.name} ${shortType(column.type)}`) > 0;
    if (!fits && fields.length === 0) return [];
    return [column.fields ? { ...column, fields } : column];
  });
}

/** The form column that takes all of a dataset, if one does. */
export function starOf(columns: readonly FormColumn[], alias: string): number {
  return columns.findIndex(
    (column) => column.kind === "Star" && (column.source === undefined || column.source.dataset === alias),
  );
}

/** The paths that the query takes, each as a column of the result. */
export function takenOf(
  all: readonly FormColumnOf[],
  columns: readonly FormColumn[],
  alias: string,
): Set<string> {
  const taken = flattened(all).filter((each) => each.selected !== undefined);
  return new Set([...(starOf(columns, alias) >= 0 ? all : []), ...taken].map((each) => each.name));
}

export type Ticked = "all" | "some" | "none";

export function tickedOf(column: FormColumnOf, taken: ReadonlySet<string>): Ticked {
  for (let path = column.name; path !== ""; path = aroundOf(path)) if (taken.has(path)) return "all";
  return [...taken].some((path) => isWithin(path, column.name)) ? "some" : "none";
}

/** What is left of `record` without `path`: of every record on the way its other fields. */
function others(record: FormColumnOf, path: string): string[] {
  return (record.fields ?? []).flatMap((field) => {
    if (field.name === path) return [];
    return isWithin(path, field.name) ? others(field, path) : [field.name];
  });
}

export interface Tick {
  taken: Set<string>;
  edits: EditStep[];
}

interface Place {
  alias: string;
  all: readonly FormColumnOf[];
  columns: readonly FormColumn[];
  taken: ReadonlySet<string>;
}

/** Where the first column stands that is just such a path. */
function placeOf(now: Analysis, alias: string, is: (path: string) => boolean): { position?: number } {
  const at = (now.form?.columns ?? []).findIndex(
    (each) => each.kind === "Column" && each.source?.dataset === alias && is(each.source.column ?? ""),
  );
  return at >= 0 ? { position: at } : {};
}

// As often as the query takes just this path; of the form as it is when the edit's turn comes.
function removals({ alias, columns }: Place, path: string): EditStep[] {
  const is = (column: FormColumn) =>
    column.kind === "Column" && column.source?.dataset === alias && column.source.column === path;
  const remove: Edit = { kind: "removeColumn", dataset: alias, column: path };
  const times = Math.max(1, columns.filter(is).length);
  return Array.from({ length: times }, () => (now) => (now.form?.columns.some(is) ? remove : undefined));
}

/** The record takes the place of its fields that were taken by themselves. */
export function tickOn(place: Place, paths: readonly string[]): Tick {
  const { alias } = place;
  const within = [...place.taken].filter((path) => paths.some((outer) => isWithin(path, outer)));
  // Where it goes is known only of the form as it is then; what goes last needs no form.
  const add: EditStep =
    within.length === 0 || paths.length > 1
      ? { kind: "addColumn", dataset: alias, columns: [...paths] }
      : (now) => ({
          kind: "addColumn",
          dataset: alias,
          columns: [...paths],
          ...placeOf(now, alias, (path) => paths.some((outer) => isWithin(path, outer))),
        });
  const taken = new Set([...place.taken, ...paths]);
  for (const path of within) taken.delete(path);
  return { taken, edits: [add, ...within.flatMap((path) => removals(place, path))] };
}

/** Where it is taken with a record around it, the other fields of that record stay, each as its own column. */
export function tickOff(place: Place, path: string): Tick {
  const { alias, all, columns } = place;
  const taken = new Set(place.taken);
  const edits: EditStep[] = [];
  const star = starOf(columns, alias);
  if (star >= 0) edits.push({ kind: "expandStar", index: star });
  for (const inner of [...taken].filter((each) => each === path || isWithin(each, path))) {
    taken.delete(inner);
    edits.push(...removals(place, inner));
  }
  for (const record of flattened(all).filter((each) => taken.has(each.name) && isWithin(path, each.name))) {
    const rest = others(record, path).filter((each) => !taken.has(each));
    if (rest.length > 0) {
      edits.push((now) => ({
        kind: "addColumn",
        dataset: alias,
        columns: rest,
        ...placeOf(now, alias, (each) => each === record.name),
      }));
    }
    edits.push(...removals(place, record.name));
    taken.delete(record.name);
    for (const each of rest) taken.add(each);
  }
  return { taken, edits };
}

/** Nothing of the dataset. What is no column just of it, as an expression, stays. */
export function tickNothing(place: Place): Tick {
  const { alias, all, columns } = place;
  const star = starOf(columns, alias);
  const paths = new Set(
    columns.flatMap((each) =>
      each.kind === "Column" && each.source?.dataset === alias ? [each.source.column ?? ""] : [],
    ),
  );
  const edits: EditStep[] = [];
  if (star >= 0 && columns[star]?.source !== undefined) edits.push({ kind: "removeColumn", index: star });
  else if (star >= 0) {
    // It takes all of the others, too: what it stands for is written out, and then goes.
    edits.push({ kind: "expandStar", index: star });
    for (const { name } of all) paths.add(name);
  }
  for (const path of paths) edits.push(...removals(place, path));
  return { taken: new Set(), edits };
}
