import { expect, it } from "vitest";
import { sayHistory, shortHistory } from "./history";

it.each([
  ["", "everything there is", "all"],
  ["Beginning", "everything there is", "all"],
  ["Now", "nothing of the past, only what comes", "none"],
  ["90d", "the last 90 days", "90 days"],
  ["1d", "the last day", "1 day"],
  ["1h30m", "the last 1h30m", "1h30m"],
  ["2026-01-01T00:00:00Z", "from 2026-01-01T00:00:00Z on", "from 2026-01-01"],
])("history from %j", (from, said, short) => {
  expect(sayHistory(from)).toBe(said);
  expect(shortHistory(from)).toBe(short);
});
