import { describe, expect, it } from "vitest";
import type { Analysis, FormDataset } from "../api/builder";
import { isWaiting } from "./waiting";

const dataset = (state: FormDataset["state"]): FormDataset => ({
  alias: "o",
  namespace: "retail",
  name: "orders",
  range: [0, 1],
  state,
});
const analysis = (more: Partial<Analysis>): Analysis => ({ hash: "", sql: "", diagnostics: [], ...more });
const formOf = (state: FormDataset["state"]) =>
  analysis({ form: { datasets: [dataset(state)], joins: [], columns: [], filters: [], groupBy: [] } });

describe("whether an analysis waits", () => {
  it("is said by the server", () => {
    expect(
      isWaiting(analysis({ diagnostics: [{ severity: "Waiting", code: "DatasetNotFound", message: "" }] })),
    ).toBe(true);
    expect(isWaiting(analysis({ diagnostics: [{ severity: "Error", code: "Syntax", message: "" }] }))).toBe(
      false,
    );
    expect(isWaiting(undefined)).toBe(false);
  });

  it("is said of a dataset", () => {
    expect(isWaiting(formOf("Missing"))).toBe(true);
    expect(isWaiting(formOf("Unavailable"))).toBe(true);
    expect(isWaiting(formOf("Ready"))).toBe(false);
    // Nothing that somebody makes lets it be read: that is an error.
    expect(isWaiting(formOf("Denied"))).toBe(false);
  });
});
