import { expect, it } from "vitest";
import { type Series, smoothed, withSample } from "./rates";

const series = (perSecond: (number | null)[]): Series => ({
  at: perSecond.map((_, index) => 100 + index),
  perSecond,
  lagSeconds: perSecond.map(() => 0),
});

it("a rate is the mean of the seconds before, so that what comes by epochs is no row of peaks", () => {
  expect(smoothed(series([null, 0, 100, 0, 100, 0, 100]), 4)).toEqual([null, 0, 50, 100 / 3, 50, 50, 50]);
});

it("a gap of the watcher is no stillness", () => {
  expect(smoothed(series([null, 40, null, 80, 80]), 5)).toEqual([null, 40, null, 80, 80]);
});

it("a mean weighs samples by the time that they stand for", () => {
  const uneven: Series = { at: [0, 1, 5], perSecond: [null, 100, 0], lagSeconds: [0, 0, 0] };
  expect(smoothed(uneven, 5)).toEqual([null, 100, 20]);
});

it("the first sample says how much was taken in before, not how fast", () => {
  const { series: first } = withSample(
    { at: [], perSecond: [], lagSeconds: [] },
    undefined,
    { revisions: [{ revision: 1, running: true, recordsRead: 5000, published: true, lagMilliseconds: 300 }] },
    100,
  );
  expect(first).toEqual({ at: [100], perSecond: [null], lagSeconds: [0.3] });
});
