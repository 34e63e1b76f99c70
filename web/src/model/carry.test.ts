import { describe, expect, it } from "vitest";
import type { Form } from "../api/builder";
import { carried, keyAfter, moved } from "./carry";

function form(columns: string[], filters: string[] = []): Form {
  return {
    datasets: [],
    joins: [],
    columns: columns.map((text) => ({
      kind: "Column",
      text,
      name: text.split(" AS ").at(-1) ?? "",
      range: [0, 0],
    })),
    filters: filters.map((text) => ({ kind: "Simple", text, range: [0, 0] })),
    groupBy: [],
  };
}

describe("carried", () => {
  const seen = form(["a", "b", "c"], ["a = 1", "b = 2"]);
  it("finds what is meant where others came or went", () => {
    expect(carried({ kind: "removeColumn", index: 2 }, seen, form(["a", "c"]))).toEqual({
      kind: "removeColumn",
      index: 1,
    });
    expect(carried({ kind: "removeFilter", index: 1 }, seen, form(["a"], ["b = 2"]))).toEqual({
      kind: "removeFilter",
      index: 0,
    });
  });
  it("is nothing where it is gone already: a second click on the same", () => {
    expect(carried({ kind: "removeColumn", index: 1 }, seen, form(["a", "c", "d"]))).toBeUndefined();
    expect(
      carried({ kind: "removeFilter", index: 0 }, seen, form(["a"], ["b = 2", "c = 3"])),
    ).toBeUndefined();
  });
  it("tells several alike by their order, as long as there are as many", () => {
    const twice = form(["x", "y", "x"]);
    expect(carried({ kind: "removeColumn", index: 2 }, twice, form(["x", "x", "y"]))).toEqual({
      kind: "removeColumn",
      index: 1,
    });
    expect(carried({ kind: "removeColumn", index: 2 }, twice, form(["x", "y"]))).toBeUndefined();
  });
  it("keeps an order only for the columns that were seen", () => {
    const edit = { kind: "reorderColumns", order: [1, 0, 2] } as const;
    expect(carried({ ...edit, order: [1, 0, 2] }, seen, form(["a", "b", "c"]))).toEqual(edit);
    expect(carried({ ...edit, order: [1, 0, 2] }, seen, form(["a", "c", "b"]))).toBeUndefined();
  });
  it("leaves alone what says no place", () => {
    const edit = { kind: "addColumn", dataset: "p", column: "a" } as const;
    expect(carried(edit, seen, form([]))).toBe(edit);
  });
});

describe("moved", () => {
  const seen = form(["a", "b", "c"]);
  it("moves on from where the one before has put it", () => {
    expect(moved(2, -1, seen, form(["a", "c", "b"]))).toEqual({ kind: "reorderColumns", order: [1, 0, 2] });
    expect(moved(2, -1, seen, form(["c", "a", "b"]))).toBeUndefined();
  });
});

describe("keyAfter", () => {
  it("goes along with a new name, and without what is taken out", () => {
    const before = form(["a", "b"]);
    expect(
      keyAfter(["a", "b"], { kind: "renameColumn", index: 0, name: "x" }, before, form(["a AS x", "b"])),
    ).toEqual(["x", "b"]);
    expect(keyAfter(["a"], { kind: "removeColumn", index: 0 }, before, form(["b"]))).toBeUndefined();
    expect(keyAfter(["b"], { kind: "removeColumn", index: 0 }, before, form(["b"]))).toEqual(["b"]);
  });
});
