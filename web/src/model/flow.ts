// How a dataset flows, in a word.
import type { Rate } from "../api/catalog";
import { count, rate as perTime } from "../format/numbers";
import { duration, parseInstant } from "../format/time";

const HOURS = 3600;
const MINUTE_MS = 60_000;

/** "24 h", "30 min": the span that is looked back at. */
export function spanOf(rate: Rate): string {
  const hours = rate.spanSeconds / HOURS;
  return Number.isInteger(hours) && hours <= 48 ? `${hours} h` : duration(rate.spanSeconds * 1000);
}

export function inSpan(rate: Rate): number {
  return rate.spark.reduce((sum, each) => sum + each, 0);
}

/** How far back a dataset's records go, from its oldest to its newest; undefined where nobody knows. */
export function historyOf(item: { oldest?: string; newest?: string }): string | undefined {
  const oldest = parseInstant(item.oldest);
  const newest = parseInstant(item.newest);
  if (!oldest || !newest) return undefined;
  const span = newest.getTime() - oldest.getTime();
  return span < MINUTE_MS ? "< 1 min" : duration(span);
}

/** Its rate while something comes; else how many came within the span, which tells more than a zero. */
export function flowOf(rate: Rate): string {
  if (rate.perSecond > 0) return perTime(rate.perSecond);
  const total = inSpan(rate);
  return total > 0 ? `${count(total)} in ${spanOf(rate)}` : `none in ${spanOf(rate)}`;
}
