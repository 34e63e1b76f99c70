import { describe, expect, it } from "vitest";
import type { Analysis, Edit, EditStep, FormColumn, FormColumnOf } from "../api/builder";
import { fitting, flattened, takenOf, tickedOf, tickNothing, tickOff, tickOn } from "./column-tree";

const ALIAS = "s";

function column(name: string, type: string, fields?: FormColumnOf[]): FormColumnOf {
  return {
    name,
    type,
    nullable: true,
    key: false,
    classified: false,
    used: false,
    ...(fields ? { fields } : {}),
  };
}

const ALL: FormColumnOf[] = [
  column("id", "bigint"),
  column("address", "record(city text, geo record(lat double precision, lon double precision))", [
    column("address.city", "text"),
    column("address.geo", "record(lat double precision, lon double precision)", [
      column("address.geo.lat", "double precision"),
      column("address.geo.lon", "double precision"),
    ]),
  ]),
  column("note", "text"),
];

function formColumns(...paths: string[]): FormColumn[] {
  return paths.map((path): FormColumn => {
    if (path === "*") return { kind: "Star", text: "*", range: [0, 0] };
    return {
      kind: "Column",
      text: path,
      name: path,
      source: { dataset: ALIAS, column: path },
      range: [0, 0],
    };
  });
}

function chosen(...paths: string[]): FormColumnOf[] {
  const mark = (each: FormColumnOf): FormColumnOf => ({
    ...each,
    ...(paths.includes(each.name) ? { selected: paths.indexOf(each.name) } : {}),
    ...(each.fields ? { fields: each.fields.map(mark) } : {}),
  });
  return ALL.map(mark);
}

function place(...paths: string[]) {
  const all = chosen(...paths);
  const columns = formColumns(...paths);
  return { alias: ALIAS, all, columns, taken: takenOf(all, columns, ALIAS) };
}

/** What the server would make of the edits: the paths in the order of the result. */
function carriedOut(paths: string[], edits: EditStep[]): string[] {
  const now = [...paths];
  for (const step of edits) {
    const form = { datasets: [], joins: [], columns: formColumns(...now), filters: [], groupBy: [] };
    const analysis = { hash: "", sql: "", diagnostics: [], form } satisfies Analysis;
    const edit: Edit | undefined = typeof step === "function" ? step(analysis) : step;
    if (edit?.kind === "addColumn" && "dataset" in edit) {
      const added = "columns" in edit ? edit.columns : [edit.column];
      now.splice(edit.position ?? now.length, 0, ...added);
    } else if (edit?.kind === "removeColumn") {
      now.splice("index" in edit ? edit.index : now.indexOf(edit.column), 1);
    } else if (edit?.kind === "expandStar") {
      now.splice(edit.index, 1, ...ALL.map((each) => each.name));
    }
  }
  return now;
}

describe("the tree of columns", () => {
  it("finds inner fields by any word of their path, with what is around them", () => {
    const names = (query: string) => flattened(fitting(ALL, query)).map((each) => each.name);
    expect(names("lat")).toEqual(["address", "address.geo", "address.geo.lat"]);
    expect(names("address cit")).toEqual(["address", "address.city"]);
    expect(names("note")).toEqual(["note"]);
    expect(names("record")).toEqual(["address", "address.geo"]);
    expect(names("nothing")).toEqual([]);
    expect(names("")).toEqual(flattened(ALL).map((each) => each.name));
  });

  it("says of a record whether it is taken whole, in part, or not", () => {
    const state = (...paths: string[]) => {
      const { all, taken } = place(...paths);
      return Object.fromEntries(flattened(all).map((each) => [each.name, tickedOf(each, taken)]));
    };
    expect(state("id", "address.geo.lat")).toMatchObject({
      id: "all",
      address: "some",
      "address.geo": "some",
      "address.city": "none",
    });
    expect(state("address")).toMatchObject({ address: "all", "address.geo.lat": "all", note: "none" });
    expect(state("*")).toMatchObject({ id: "all", address: "all", "address.city": "all" });
  });

  it("ticks a field as a column of its own", () => {
    const { taken, edits } = tickOn(place("id"), ["address.city"]);
    expect([...taken]).toEqual(["id", "address.city"]);
    expect(carriedOut(["id"], edits)).toEqual(["id", "address.city"]);
  });

  it("takes the record in place of its fields", () => {
    const before = ["address.city", "id", "address.geo.lat"];
    const { taken, edits } = tickOn(place(...before), ["address"]);
    expect(carriedOut(before, edits)).toEqual(["address", "id"]);
    expect(taken).toEqual(new Set(["id", "address"]));
  });

  it("keeps the other fields where one goes out of a record that is taken whole", () => {
    const before = ["id", "address", "note"];
    const one = tickOff(place(...before), "address.geo.lat");
    expect(carriedOut(before, one.edits)).toEqual(["id", "address.city", "address.geo.lon", "note"]);
    expect(one.taken).toEqual(new Set(["id", "note", "address.city", "address.geo.lon"]));
    const other = tickOff(place(...before), "address.geo");
    expect(carriedOut(before, other.edits)).toEqual(["id", "address.city", "note"]);
  });

  it("writes a star out where something of it goes", () => {
    expect(carriedOut(["*"], tickOff(place("*"), "note").edits)).toEqual(["id", "address"]);
    expect(carriedOut(["*"], tickOff(place("*"), "address.city").edits)).toEqual([
      "id",
      "address.geo",
      "note",
    ]);
  });

  it("takes out every column that is just the field", () => {
    const before = ["address.city", "id", "address.city"];
    expect(carriedOut(before, tickOff(place(...before), "address.city").edits)).toEqual(["id"]);
    // The record as well as a field of it, by handwriting.
    const both = ["address", "address.city"];
    expect(carriedOut(both, tickOff(place(...both), "address.city").edits)).toEqual(["address.geo"]);
  });

  it("takes everything, and nothing", () => {
    const before = ["address.city", "note"];
    const all = tickOn(place(...before), ["id", "address"]);
    expect(carriedOut(before, all.edits)).toEqual(["note", "id", "address"]);
    expect(all.taken).toEqual(new Set(["note", "id", "address"]));
    expect(carriedOut(before, tickNothing(place(...before)).edits)).toEqual([]);
    expect(carriedOut(["*"], tickNothing(place("*")).edits)).toEqual([]);
  });
});
