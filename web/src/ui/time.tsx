import { useSyncExternalStore } from "react";
import { clock, date, day, duration, local, parseInstant, relative, utc } from "../format/time";

// One clock for the page: everything that says "ago" moves together, once a second, and only while it is seen.
let current = new Date();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!timer) {
    current = new Date();
    timer = setInterval(() => {
      if (document.visibilityState !== "visible") return;
      current = new Date();
      for (const each of listeners) each();
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

export function useNow(): Date {
  return useSyncExternalStore(subscribe, () => current);
}

/** An instant, told relatively; the exact one, local and UTC, on hover. */
export function Time({ at, missing = "–" }: { at: string | undefined | null; missing?: string }) {
  const now = useNow();
  const instant = parseInstant(at);
  if (!instant) return <span className="dim">{missing}</span>;
  return (
    <time className="time" dateTime={instant.toISOString()} title={`${local(instant)}\n${utc(instant)}`}>
      {relative(instant, now)}
    </time>
  );
}

/** The day of an instant that lies far back; the exact one, local and UTC, on hover. */
export function Day({ at }: { at: Date }) {
  const now = useNow();
  return (
    <time className="time" dateTime={at.toISOString()} title={`${local(at)}\n${utc(at)}`}>
      {date(at, now)}
    </time>
  );
}

/** An instant that does not move: its hour and minute, or its day once that is another one. */
export function When({ at }: { at: string }) {
  const now = useNow();
  const instant = parseInstant(at);
  if (!instant) return null;
  if (day(instant) !== day(now)) return <Day at={instant} />;
  return (
    <time className="time" dateTime={instant.toISOString()} title={`${local(instant)}\n${utc(instant)}`}>
      {clock(instant).slice(0, 5)}
    </time>
  );
}

/** How long it has been, or was until `until`. */
export function Elapsed({ since, until }: { since: string; until?: string | undefined }) {
  const now = useNow();
  const from = parseInstant(since);
  if (!from) return null;
  const to = parseInstant(until) ?? now;
  return <span>{duration(to.getTime() - from.getTime())}</span>;
}
