// Throughput and lag of a product over the last minutes, gathered from what its progress says while it is watched. Kept
// beside the screens, so that going to another tab and back loses nothing.
import { useEffect, useSyncExternalStore } from "react";
import type { Progress } from "../api/view";
import { servedRevision } from "../model/product-state";

export interface Series {
  /** Seconds since the epoch. */
  at: number[];
  /** Records a second that were taken in, by all revisions. */
  perSecond: (number | null)[];
  lagSeconds: (number | null)[];
}

const MOST = 600;
const SPAN_SECONDS = 15 * 60;

interface Known {
  series: Series;
  last?: { at: number; taken: Map<string, number> };
  listeners: Set<() => void>;
}

const known = new Map<string, Known>();

function of(id: string): Known {
  let found = known.get(id);
  if (!found) {
    found = { series: { at: [], perSecond: [], lagSeconds: [] }, listeners: new Set() };
    known.set(id, found);
  }
  return found;
}

/** The series with one sample more, from what was known before to `progress` at `now` (seconds). */
export function withSample(
  series: Series,
  last: Known["last"],
  progress: Progress,
  now: number,
): { series: Series; last: NonNullable<Known["last"]> } {
  const taken = new Map<string, number>();
  let grown = 0;
  for (const each of progress.revisions) {
    const name = `${each.revision} ${each.restarts ?? 0}`;
    const total = (each.recordsRead ?? 0) + (each.recordsLive ?? 0);
    taken.set(name, total);
    const before = last?.taken.get(name);
    if (before !== undefined) grown += Math.max(0, total - before);
  }
  const seconds = last ? now - last.at : 0;
  const lag = servedRevision(progress)?.lagMilliseconds;
  // After a pause of the watcher the mean over the gap would be a lie.
  const perSecond = last && seconds > 0 && seconds < 20 ? grown / seconds : null;
  const from = series.at.findIndex((at) => at > now - SPAN_SECONDS);
  const cut = Math.max(from < 0 ? series.at.length : from, series.at.length - MOST);
  return {
    series: {
      at: [...series.at.slice(cut), now],
      perSecond: [...series.perSecond.slice(cut), perSecond],
      lagSeconds: [...series.lagSeconds.slice(cut), lag === undefined ? null : lag / 1000],
    },
    last: { at: now, taken },
  };
}

/** The mean of each sample with those of the `seconds` before it: records come by epochs, and a second without one is
 * no stillness. */
export function smoothed({ at, perSecond }: Series, seconds: number): (number | null)[] {
  return perSecond.map((now, index) => {
    if (now === null) return null;
    const end = at[index] ?? 0;
    let records = 0;
    let time = 0;
    for (let each = index; each > 0; each -= 1) {
      const value = perSecond[each] ?? null;
      const from = at[each - 1] ?? end;
      if (value === null || (each < index && from < end - seconds)) break;
      const span = (at[each] ?? end) - from;
      records += value * span;
      time += span;
    }
    return time > 0 ? records / time : now;
  });
}

export function useRates(ns: string, name: string, progress: Progress | undefined): Series {
  const id = `${ns}/${name}`;
  useEffect(() => {
    if (!progress) return;
    const entry = of(id);
    const now = Date.now() / 1000;
    // The stream and the first question may tell the same moment.
    if (entry.last && now - entry.last.at < 0.4) return;
    const next = withSample(entry.series, entry.last, progress, now);
    entry.series = next.series;
    entry.last = next.last;
    for (const listener of entry.listeners) listener();
  }, [id, progress]);
  return useSyncExternalStore(
    (listener) => {
      of(id).listeners.add(listener);
      return () => of(id).listeners.delete(listener);
    },
    () => of(id).series,
  );
}
