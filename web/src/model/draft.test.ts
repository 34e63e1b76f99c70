import { describe, expect, it } from "vitest";
import { EMPTY_DRAFT, fieldsOf, guessedName, missingOf, nameOf, withField } from "./draft";

describe("draft", () => {
  it("reads its fields", () => {
    expect(fieldsOf(EMPTY_DRAFT)).toMatchObject({ name: "", namespace: "default", sql: "", key: undefined });
    expect(fieldsOf("- a")).toBeUndefined();
  });
  it("sets and takes away fields, keeping what it must have", () => {
    let text = withField(EMPTY_DRAFT, "sql", "SELECT a\nFROM b");
    text = withField(text, "historyFrom", "90d");
    text = withField(text, "key", ["a"]);
    text = withField(text, "name", "x");
    expect(text).toBe(`apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata:
  name: x
  namespace: default
spec:
  sql: |
    SELECT a
    FROM b
  history:
    from: 90d
  target:
    key: [a]
`);
    text = withField(withField(text, "historyFrom", ""), "key", undefined);
    expect(text).not.toContain("history");
    expect(text).not.toContain("target");
    expect(fieldsOf(withField(text, "sql", ""))?.sql).toBe("");
  });
  it("leaves text that is no YAML alone", () => {
    expect(withField("a: [", "name", "x")).toBe("a: [");
  });
  it("makes names", () => {
    expect(nameOf("Captured payments!")).toBe("captured-payments");
    expect(nameOf("2026 Umsätze")).toBe("umsa-tze");
    expect(guessedName([{ name: "payments" }], [{ values: ["CAPTURED"] }])).toBe("captured-payments");
    expect(guessedName([{ name: "orders" }], [])).toBe("orders");
  });
  it("says what is missing", () => {
    expect(missingOf(fieldsOf(EMPTY_DRAFT))).toBe("Choose a dataset first.");
    const named = withField(withField(EMPTY_DRAFT, "sql", "SELECT 1"), "name", "Bad Name");
    expect(missingOf(fieldsOf(named))).toMatch(/small letters/);
    expect(missingOf(fieldsOf(withField(named, "name", "good")))).toBeUndefined();
  });
});
