import { describe, expect, it } from "vitest";
import type { DataProduct } from "../api/resources";
import { manifestOf, placeOfSql, readManifest, valueAt, withValue } from "./manifest";

const TEXT = `# What the confirmation mail needs.
apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata: {name: payment-confirmations, namespace: retail}   # one line
spec:
  owner: checkout   # who to ask
  # the query
  sql: |
    SELECT p.payment_id   -- the key
    FROM payments p
  history: {from: 90d}  # a quarter
  target:
    # by which the mail looks
    key: [payment_id]
`;

describe("withValue", () => {
  it("changes one scalar and leaves every comment and every style", () => {
    expect(withValue(TEXT, ["spec", "owner"], "billing")).toBe(
      TEXT.replace("owner: checkout", "owner: billing"),
    );
    expect(withValue(TEXT, ["spec", "history", "from"], "30d")).toBe(TEXT.replace("from: 90d", "from: 30d"));
    expect(withValue(TEXT, ["metadata", "name"], "other")).toBe(
      TEXT.replace("name: payment-confirmations", "name: other"),
    );
  });
  it("puts SQL in as a literal block, comments of SQL included", () => {
    const sql = "SELECT p.payment_id, p.amount   -- the key\nFROM payments p\nWHERE p.status = 'CAPTURED'";
    const changed = withValue(TEXT, ["spec", "sql"], sql);
    expect(changed).toContain(
      "  sql: |\n    SELECT p.payment_id, p.amount   -- the key\n    FROM payments p\n",
    );
    expect(changed).toContain("# the query");
    expect(changed).toContain("# by which the mail looks");
    expect(valueAt(readManifest(changed).value, ["spec", "sql"])).toBe(`${sql}\n`);
  });
  it("returns the very text where nothing changes", () => {
    expect(withValue(TEXT, ["spec", "owner"], "checkout")).toBe(TEXT);
    expect(withValue(TEXT, ["spec", "sql"], "SELECT p.payment_id   -- the key\nFROM payments p")).toBe(TEXT);
    expect(withValue(TEXT, ["spec", "paused"], undefined)).toBe(TEXT);
  });
  it("makes mappings on the way and takes them away again when they are empty", () => {
    const added = withValue(TEXT, ["spec", "runner", "threads"], 2);
    expect(added).toContain("  runner:\n    threads: 2\n");
    expect(withValue(added, ["spec", "runner", "threads"], undefined)).toBe(TEXT);
  });
  it("puts members in and takes them out without a byte of others", () => {
    expect(withValue(TEXT, ["spec", "history"], undefined)).toBe(
      TEXT.replace("  history: {from: 90d}  # a quarter\n", ""),
    );
    expect(withValue(TEXT, ["spec", "history", "keep"], "Window")).toBe(
      TEXT.replace("{from: 90d}", "{from: 90d, keep: Window}"),
    );
    expect(withValue(TEXT, ["metadata", "namespace"], undefined)).toBe(
      TEXT.replace("{name: payment-confirmations, namespace: retail}", "{name: payment-confirmations}"),
    );
    expect(withValue(TEXT, ["spec", "target", "className"], "postgres")).toBe(
      `${TEXT}    className: postgres\n`,
    );
    expect(withValue(TEXT, ["spec", "target", "key"], ["a", "b"])).toBe(
      TEXT.replace("key: [payment_id]", "key: [a, b]"),
    );
  });
  it("leaves styles that it would not write itself", () => {
    const odd =
      "metadata: {name: x,\n  labels: {a: 1}}\n\n\n# far above\n\nspec:\n  columns:\n  - a\n  - b   # two\n\n  sql: |\n    SELECT a\n    FROM b\n";
    expect(withValue(odd, ["spec", "owner"], "me")).toBe(`${odd}  owner: me\n`);
    expect(withValue(odd, ["spec", "sql"], "SELECT a,\n\n  c\nFROM b")).toBe(
      odd.replace("SELECT a\n", "SELECT a,\n\n      c\n"),
    );
    expect(withValue(odd, ["spec", "columns"], undefined)).toBe(
      odd.replace("  columns:\n  - a\n  - b   # two\n", ""),
    );
    const crlf = odd.replaceAll("\n", "\r\n");
    const changed = withValue(withValue(crlf, ["spec", "owner"], "me"), ["spec", "sql"], "SELECT 1\nFROM b");
    expect(changed.replaceAll("\r\n", "")).not.toContain("\n");
    expect(valueAt(readManifest(changed).value, ["spec", "sql"])).toBe("SELECT 1\nFROM b\n");
  });
  it("writes lists of words in one line", () => {
    const changed = withValue(TEXT, ["spec", "target", "key"], ["order_id", "payment_id"]);
    expect(changed).toContain("key: [order_id, payment_id]");
    expect(changed).toContain("# by which the mail looks");
  });
  it("quotes what YAML would take for something else", () => {
    const changed = withValue(TEXT, ["spec", "owner"], "on: call");
    expect(valueAt(readManifest(changed).value, ["spec", "owner"])).toBe("on: call");
  });
  it("refuses to edit what is no YAML", () => {
    expect(() => withValue("a: [", ["a"], 1)).toThrow("well-formed");
  });
});

describe("readManifest", () => {
  it("tells problems with their place", () => {
    const problems = readManifest("spec:\n  sql: 'never ends\n").problems;
    expect(problems[0]?.line).toBeGreaterThanOrEqual(2);
    expect(readManifest("- a\n").problems[0]?.message).toMatch(/apiVersion/);
  });
});

describe("texts of the resource", () => {
  it("are text, whatever YAML alone would take them for", () => {
    const { value } = readManifest(
      "metadata: {name: 12, labels: {tier: 1}}\nspec:\n  owner: 007\n  paused: true\n  runner: {threads: 2}\n",
    );
    expect(value).toEqual({
      metadata: { name: "12", labels: { tier: "1" } },
      spec: { owner: "007", paused: true, runner: { threads: 2 } },
    });
  });
});

describe("placeOfSql", () => {
  it("finds the block's first line and indentation", () => {
    expect(placeOfSql(TEXT)).toEqual({ line: 9, column: 5, block: true });
    expect(placeOfSql("spec:\n  sql: SELECT 1\n")).toEqual({ line: 2, column: 8, block: false });
    expect(placeOfSql("spec: {}\n")).toBeUndefined();
  });
});

describe("manifestOf", () => {
  it("writes what a person would, without status and defaults", () => {
    const product = {
      apiVersion: "offtake.dev/v1alpha1",
      kind: "DataProduct",
      metadata: { name: "x", namespace: "retail", uid: "1", resourceVersion: "2", managedFields: [] },
      spec: {
        owner: "checkout",
        sql: "SELECT a\nFROM b\n",
        history: { from: "90d", keep: "All", whenMissing: "Fail" },
        delivery: { errorPolicy: "Park", emit: "Changes" },
        freshness: "60s",
        target: {},
        deletionPolicy: "Delete",
      },
      status: { parkedRecords: 3 },
    } as unknown as DataProduct;
    expect(manifestOf(product)).toBe(`apiVersion: offtake.dev/v1alpha1
kind: DataProduct
metadata:
  name: x
  namespace: retail
spec:
  owner: checkout
  sql: |
    SELECT a
    FROM b
  history:
    from: 90d
`);
  });
});
