import { expect, it } from "vitest";
import type { Preview } from "../api/view";
import { isPartial, previewSteps } from "./preview-steps";

const source = (more: Partial<Preview["sources"][number]>): Preview["sources"][number] => ({
  dataset: "retail/orders",
  role: "looked up",
  recordsRead: 0,
  recordsKept: 0,
  whole: false,
  complete: true,
  timeOver: false,
  notes: [],
  ...more,
});

const preview = (more: Partial<Preview>): Preview => ({
  errors: [],
  waiting: [],
  warnings: [],
  columns: [],
  rows: [],
  rowsFound: 0,
  moreRows: false,
  rowErrors: [],
  keyViolations: [],
  badRecords: [],
  badRecordsCount: 0,
  sources: [],
  summary: [],
  ...more,
});

it("steps are few words with the server's sentence behind each; notes are kept apart", () => {
  const told = preview({
    sources: [
      source({
        dataset: "retail/payments",
        role: "driving",
        recordsKept: 1500,
        backTo: "2026-11-22T09:09:46Z",
      }),
      source({ wantedKeys: 500, foundKeys: 498, notes: ["2 keys are null"] }),
      source({ dataset: "retail/customers", wantedKeys: 1464, foundKeys: 1464 }),
    ],
    summary: [
      "retail/payments: the newest 1500 records, back to 2026-11-22T09:09:46Z",
      "retail/orders: joined 498 of 500; scanned to its first record",
      "retail/orders: 2 keys are null",
      "retail/customers: joined 1464 of 1464",
      "aggregates are of the records read, not of all",
    ],
  });
  const { steps, notes } = previewSteps(told);
  expect(steps.map(({ dataset, text, short }) => [dataset, text, short])).toEqual([
    ["retail/payments", "1,500", false],
    ["retail/orders", "498 of 500", true],
    ["retail/customers", "1,464 of 1,464", false],
  ]);
  expect(steps[0]?.backTo).toBe("2026-11-22T09:09:46Z");
  expect(steps[1]?.sentence).toBe("retail/orders: joined 498 of 500; scanned to its first record");
  expect(notes).toEqual(["retail/orders: 2 keys are null", "aggregates are of the records read, not of all"]);
});

it("what was read to its first record is all, and what came to nothing says so", () => {
  const text = (more: Partial<Preview["sources"][number]>) =>
    previewSteps(preview({ sources: [source({ role: "driving", ...more })] })).steps[0]?.text;
  expect(text({ recordsKept: 12, whole: true })).toBe("all 12");
  expect(text({})).toBe("no records");
  expect(text({ timeOver: true })).toBe("not read in time");
  expect(text({ role: "scanned", recordsKept: 7 })).toBe("7 read");
  expect(text({ role: "not read" })).toBe("not needed");
});

it("a preview is partial where rows or records are left out", () => {
  expect(isPartial(preview({ sources: [source({})] }))).toBe(false);
  expect(isPartial(preview({ moreRows: true }))).toBe(true);
  expect(isPartial(preview({ sources: [source({ complete: false })] }))).toBe(true);
});
