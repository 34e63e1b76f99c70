// A log that is followed for as long as somebody looks. A reading that ends, for the server restarts, the worker is
// gone or the connection broke, is followed by another one; only the first may be refused.
import { LogLines } from "../model/log-lines";
import { ApiError } from "./client";

export interface Follower {
  /** New lines, each once. */
  lines(lines: string[]): void;
  /** Whether a reading is open, or the next one is waited for. */
  interrupted(interrupted: boolean): void;
}

const PAUSES_MS = [500, 1000, 2000, 4000, 5000];

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}

/** Until the signal stops it. Throws what the server refused the first reading with, and a later one for good. */
export async function followLog(
  open: (signal: AbortSignal) => Promise<AsyncIterable<string>>,
  follower: Follower,
  signal: AbortSignal,
  wait = pause,
): Promise<void> {
  const lines = new LogLines();
  let opened = false;
  let fails = 0;
  while (!signal.aborted) {
    try {
      const pieces = await open(signal);
      opened = true;
      if (signal.aborted) return;
      follower.interrupted(false);
      for await (const piece of pieces) {
        if (signal.aborted) return;
        const fresh = lines.take(piece);
        if (fresh.length === 0) continue;
        fails = 0;
        follower.lines(fresh);
      }
    } catch (error) {
      if (!signal.aborted && isFinal(error, opened)) throw error;
    }
    if (signal.aborted) return;
    follower.interrupted(true);
    lines.restart();
    await wait(PAUSES_MS[Math.min(fails, PAUSES_MS.length - 1)] ?? 5000, signal);
    fails += 1;
  }
}

// That there is no worker is no end where there was one: it is made again.
function isFinal(error: unknown, opened: boolean): boolean {
  if (!(error instanceof ApiError) || error.unreachable || error.code >= 500) return false;
  return !opened || error.code === 401 || error.code === 403;
}
