import { describe, expect, it } from "vitest";
import { listText, listValues } from "./value-list";

describe("a list in a line", () => {
  it("reads what people write", () => {
    expect(listValues("CAPTURED, REFUNDED")).toEqual(["CAPTURED", "REFUNDED"]);
    expect(listValues(" a ,, b ,")).toEqual(["a", "b"]);
    expect(listValues("")).toEqual([]);
    expect(listValues("'a,b', ' c ', '', it''s")).toEqual(["a,b", " c ", "", "it''s"]);
    expect(listValues("'never closed, x")).toEqual(["never closed, x"]);
  });
  it("says every list so that it is read as the same", () => {
    for (const values of [["a"], ["a,b", " c ", "", "d"], ["it's", "'", "''", ","], ["x y", "ünï"], []]) {
      expect(listValues(listText(values))).toEqual(values);
    }
  });
});
