// How much of the past: steps of a slider over what exists.
import { parseDuration } from "../format/time";

const DAY = 86_400_000;

const STEPS: [string, number][] = [
  ["1h", DAY / 24],
  ["6h", DAY / 4],
  ["1d", DAY],
  ["3d", 3 * DAY],
  ["7d", 7 * DAY],
  ["14d", 14 * DAY],
  ["30d", 30 * DAY],
  ["60d", 60 * DAY],
  ["90d", 90 * DAY],
  ["180d", 180 * DAY],
  ["365d", 365 * DAY],
  ["730d", 730 * DAY],
];

/** "Now", durations that fit into what exists, "Beginning". Where nobody knows what exists, all of them. */
export function historySteps(existsMs: number | undefined): string[] {
  const fit = STEPS.filter(([, ms]) => existsMs === undefined || ms < existsMs).map(([name]) => name);
  return ["Now", ...fit, "Beginning"];
}

/** The step that a value stands at, or the last one below it. */
export function stepOf(from: string, steps: readonly string[]): number {
  const exact = steps.indexOf(from || "Beginning");
  if (exact >= 0) return exact;
  const at = Date.parse(from);
  const wanted = parseDuration(from) ?? (Number.isNaN(at) ? undefined : Date.now() - at);
  if (wanted === undefined) return steps.length - 1;
  let best = 0;
  steps.forEach((step, index) => {
    const ms = parseDuration(step);
    if (ms !== undefined && ms <= wanted) best = index;
  });
  return best;
}

/** "all", "none", "90 days", "from 2026-01-01": in a column of a table. */
export function shortHistory(from: string): string {
  if (from === "" || from === "Beginning") return "all";
  if (from === "Now") return "none";
  return sayHistory(from)
    .replace(/^the last (?=[a-z])/, "1 ")
    .replace(/^the last /, "")
    .replace(/^from (\S{10})\S* on$/, "from $1");
}

export function sayHistory(from: string): string {
  if (from === "" || from === "Beginning") return "everything there is";
  if (from === "Now") return "nothing of the past, only what comes";
  const match = /^([0-9]+)([dhms])$/.exec(from);
  if (match) {
    const amount = Number(match[1]);
    const unit = { d: "day", h: "hour", m: "minute", s: "second" }[match[2] as "d" | "h" | "m" | "s"];
    return `the last ${amount === 1 ? unit : `${amount} ${unit}s`}`;
  }
  return parseDuration(from) === undefined ? `from ${from} on` : `the last ${from}`;
}
