import { expect, it } from "vitest";
import { flowOf, historyOf } from "./flow";

const day = { spanSeconds: 86_400, spark: [3, 0, 40, 35] };

it("a dataset's flow is its rate while records come", () => {
  expect(flowOf({ ...day, perSecond: 9.1 })).toBe("9.1/s");
});

it("a dataset that gets few records says how many, not zero a second", () => {
  expect(flowOf({ ...day, perSecond: 0 })).toBe("78 in 24 h");
  expect(flowOf({ spanSeconds: 1800, spark: [2], perSecond: 0 })).toBe("2 in 30 min");
});

it("a dataset that gets none says so", () => {
  expect(flowOf({ ...day, spark: [0, 0], perSecond: 0 })).toBe("none in 24 h");
  expect(flowOf({ ...day, spark: [], perSecond: 0 })).toBe("none in 24 h");
});

it("a history that has just begun is no 0 s", () => {
  const newest = "2026-11-27T21:11:46.682Z";
  expect(historyOf({ oldest: "2025-11-27T21:11:46.682Z", newest })).toBe("12 months");
  expect(historyOf({ oldest: "2026-11-27T21:11:46.582Z", newest })).toBe("< 1 min");
  expect(historyOf({ newest })).toBeUndefined();
});
