import { describe, expect, it } from "vitest";
import { placeOfSql, readManifest } from "./manifest";
import { fromBytes, offsetAt, problemsInSql, problemsInYaml } from "./problems";

const TEXT = `spec:
  sql: |
    SELECT x.a,
      x.custmer_id
    FROM x
  target:
    key: [b]
`;

describe("problems", () => {
  it("finds a line and column, counting characters", () => {
    expect(offsetAt("ab\ncdé😀f", 2, 5)).toBe("ab\ncdé😀".length);
    expect(offsetAt("ab", 7, 1)).toBe(2);
  });
  it("turns bytes into offsets", () => {
    expect(fromBytes("aé😀b", 0)).toBe(0);
    expect(fromBytes("aé😀b", 3)).toBe(2);
    expect(fromBytes("aé😀b", 7)).toBe(4);
  });
  it("points into the SQL within YAML", () => {
    const [problem] = problemsInYaml(readManifest(TEXT), placeOfSql(TEXT), [
      { code: "UnknownColumn", message: "no such column", field: "spec.sql", line: 2, column: 3 },
    ]);
    expect(TEXT.slice(problem?.from, problem?.to)).toBe("x.custmer_id");
  });
  it("points at the member that a field names", () => {
    const [problem] = problemsInYaml(readManifest(TEXT), placeOfSql(TEXT), [
      { code: "UnknownColumn", message: "no column b", field: "spec.target.key[0]" },
    ]);
    expect(TEXT.slice(problem?.from, problem?.to)).toBe("key");
  });
  it("points into SQL by bytes", () => {
    const sql = "SELECT 'é', custmer FROM x";
    const [problem] = problemsInSql(sql, [{ severity: "Error", message: "no", range: [13, 20] }]);
    expect(sql.slice(problem?.from, problem?.to)).toBe("custmer");
  });
});
