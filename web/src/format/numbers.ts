// Counts, bytes, rates and percentages as people read them. Everything is en-GB and locale-independent, so that a
// screenshot, a test and two colleagues see the same.

const GROUPED = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** 1234567 -> "1,234,567" */
export function exactCount(value: number): string {
  return GROUPED.format(value);
}

function shortened(value: number, base: number, units: readonly string[], gap: string): string {
  let scaled = value;
  let unit = 0;
  // 999.95 would be written as 1000: the next unit it is.
  while (unit + 1 < units.length && Math.abs(scaled) >= base * 0.9995) {
    scaled /= base;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(scaled) >= 99.95 ? 0 : 1;
  const text = scaled.toFixed(digits).replace(/\.0$/, "");
  return `${text}${units[unit] ? gap + units[unit] : ""}`;
}

/** 1234567 -> "1.2M"; below 10,000 exact. */
export function count(value: number): string {
  if (Math.abs(value) < 10_000) return GROUPED.format(Math.round(value));
  return shortened(value, 1000, ["", "k", "M", "B", "T"], "");
}

/** 1536 -> "1.5 KiB" */
export function bytes(value: number): string {
  return shortened(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], " ");
}

/** Events a second; slow ones as a minute's, an hour's or a day's. */
export function rate(perSecond: number): string {
  if (perSecond <= 0) return "0/s";
  if (perSecond >= 0.95) {
    return perSecond < 9.95 ? `${perSecond.toFixed(1).replace(/\.0$/, "")}/s` : `${count(perSecond)}/s`;
  }
  for (const [seconds, unit] of [
    [60, "min"],
    [3600, "h"],
    [86_400, "day"],
  ] as const) {
    const per = perSecond * seconds;
    if (per >= 0.95) return `${per < 9.95 ? per.toFixed(1).replace(/\.0$/, "") : count(per)}/${unit}`;
  }
  return "<1/day";
}

/** 0.6249 -> "62%"; never "100%" before all is done and never "0%" once something is. */
export function percent(fraction: number): string {
  if (fraction >= 1) return "100%";
  if (fraction <= 0) return "0%";
  return `${Math.min(99, Math.max(1, Math.floor(fraction * 100)))}%`;
}

/** As `plural`, with the number as `count` says it: "1.2M records" */
export function shortPlural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${exactCount(n)} ${n === 1 ? one : many}`;
}
