// Durations and instants as people read them.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "0.3 s", "12 s", "4 min", "2 h 5 min", "3 d 4 h": at most two units. */
export function duration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 9.95 * SECOND) return `${(ms / SECOND).toFixed(1).replace(/\.0$/, "")} s`;
  if (ms < MINUTE) return `${Math.min(59, Math.round(ms / SECOND))} s`;
  if (ms < 10 * MINUTE) return two(Math.floor(ms / MINUTE), "min", Math.floor((ms % MINUTE) / SECOND), "s");
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return two(Math.floor(ms / HOUR), "h", Math.floor((ms % HOUR) / MINUTE), "min");
  if (ms < 60 * DAY) return two(Math.floor(ms / DAY), "d", Math.floor((ms % DAY) / HOUR), "h");
  if (ms < 730 * DAY) return `${Math.round(ms / (30.44 * DAY))} months`;
  return `${(ms / (365.25 * DAY)).toFixed(1).replace(/\.0$/, "")} years`;
}

function two(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first} ${firstUnit}` : `${first} ${firstUnit} ${second} ${secondUnit}`;
}

/** "about 4 min": what is left, in one unit, never exact where it cannot be. */
export function roughly(milliseconds: number): string {
  if (milliseconds < 10 * SECOND) return "a few seconds";
  if (milliseconds < 55 * SECOND) return `${Math.ceil(milliseconds / (10 * SECOND)) * 10} s`;
  if (milliseconds < 90 * MINUTE) return `${Math.max(1, Math.round(milliseconds / MINUTE))} min`;
  if (milliseconds < 36 * HOUR) return `${Math.round(milliseconds / HOUR)} h`;
  return `${Math.round(milliseconds / DAY)} d`;
}

/** "just now", "12 s ago", "4 min ago", "3 h ago", "yesterday", "12 d ago", "in 5 min". */
export function relative(instant: Date, now: Date): string {
  const ms = now.getTime() - instant.getTime();
  const past = ms >= 0;
  const size = Math.abs(ms);
  const say = (text: string) => (past ? `${text} ago` : `in ${text}`);
  if (size < 5 * SECOND) return "just now";
  if (size < MINUTE) return say(`${Math.floor(size / SECOND)} s`);
  if (size < HOUR) return say(`${Math.floor(size / MINUTE)} min`);
  if (size < DAY) return say(`${Math.floor(size / HOUR)} h`);
  if (size < 2 * DAY) return past ? "yesterday" : "tomorrow";
  if (size < 60 * DAY) return say(`${Math.floor(size / DAY)} d`);
  if (size < 730 * DAY) return say(`${Math.round(size / (30.44 * DAY))} months`);
  return say(`${Math.floor(size / (365.25 * DAY))} years`);
}

const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** "2026-11-27 17:54:16 UTC" */
export function utc(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** "2026-11-27 18:54:16 (UTC+1)" in the reader's own time zone. */
export function local(instant: Date): string {
  const offset = -instant.getTimezoneOffset();
  const sign = offset < 0 ? "−" : "+";
  const hours = Math.floor(Math.abs(offset) / 60);
  const minutes = Math.abs(offset) % 60;
  const zone = offset === 0 ? "UTC" : `UTC${sign}${hours}${minutes ? `:${pad(minutes)}` : ""}`;
  return `${day(instant)} ${clock(instant)} (${zone})`;
}

/** "2026-11-27" in the reader's time zone. */
export function day(instant: Date): string {
  return `${instant.getFullYear()}-${pad(instant.getMonth() + 1)}-${pad(instant.getDate())}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "27 Nov", of another year than now's "27 Nov 2025", in the reader's time zone: what is read in a sentence. */
export function date(instant: Date, now: Date): string {
  const year = instant.getFullYear() === now.getFullYear() ? "" : ` ${instant.getFullYear()}`;
  return `${instant.getDate()} ${MONTHS[instant.getMonth()]}${year}`;
}

/** "18:54:16" in the reader's time zone. */
export function clock(instant: Date): string {
  return `${pad(instant.getHours())}:${pad(instant.getMinutes())}:${pad(instant.getSeconds())}`;
}

export function parseInstant(text: string | undefined | null): Date | undefined {
  if (!text) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** A duration as resources write it ("90d", "1h30m") in milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^([1-9][0-9]{0,5}(d|h|m|s)){1,4}$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)([dhms])/g)) {
    total += Number(amount) * { d: DAY, h: HOUR, m: MINUTE, s: SECOND }[unit as "d" | "h" | "m" | "s"];
  }
  return total;
}
