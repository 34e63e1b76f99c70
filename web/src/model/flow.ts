// How a dataset flows, in a word.
import type { Rate } from "../api/catalog";
import { count, rate as perTime } from "../format/numbers";
import { duration } from "../format/time";

const HOURS = 3600;

/** "24 h", "30 min": the span that is looked back at. */
export function spanOf(rate: Rate): string {
  const hours = rate.spanSeconds / HOURS;
  return Number.isInteger(hours) && hours <= 48 ? `${hours} h` : duration(rate.spanSeconds * 1000);
}

export function inSpan(rate: Rate): number {
  return rate.spark.reduce((sum, each) => sum + each, 0);
}

/** Its rate while something comes; else how many came within the span, which tells more than a zero. */
export function flowOf(rate: Rate): string {
  if (rate.perSecond > 0) return perTime(rate.perSecond);
  const total = inSpan(rate);
  return total > 0 ? `${count(total)} in ${spanOf(rate)}` : `none in ${spanOf(rate)}`;
}
