import { describe, expect, it } from "vitest";
import { ApiError } from "./client";
import { followLog } from "./follow-log";

type Reading = string[] | ApiError | { pieces: string[]; broken: Error };

// Plays the readings one after the other; the signal stops it when they are all played.
async function follow(...readings: Reading[]) {
  const seen: string[] = [];
  const pauses: number[] = [];
  const stop = new AbortController();
  let error: unknown;
  await followLog(
    async () => {
      const reading = readings.shift();
      if (!reading) throw new Error("more than was to be read");
      if (reading instanceof ApiError) throw reading;
      const { pieces, broken } = Array.isArray(reading) ? { pieces: reading, broken: undefined } : reading;
      return (async function* () {
        yield* pieces;
        if (broken) throw broken;
      })();
    },
    {
      lines: (lines) => seen.push(...lines),
      interrupted: (interrupted) => seen.push(interrupted ? "(broken)" : "(open)"),
    },
    stop.signal,
    async (milliseconds) => {
      pauses.push(milliseconds);
      if (readings.length === 0) stop.abort();
    },
  ).catch((failure) => {
    error = failure;
  });
  return { seen, pauses, error };
}

const away = new ApiError("The server does not answer.", 0, "Unreachable");
const gone = new ApiError("no worker yet", 404, "NotFound");

describe("a log that is followed", () => {
  it("goes on after the server ended it, and says no line twice", async () => {
    const { seen, error } = await follow(["one\ntwo\n"], away, ["one\n", "two\nthree\n"]);
    expect(seen).toEqual(["(open)", "one", "two", "(broken)", "(broken)", "(open)", "three", "(broken)"]);
    expect(error).toBeUndefined();
  });

  it("goes on after the connection broke in the middle of a line", async () => {
    const { seen } = await follow({ pieces: ["one\ntw"], broken: new TypeError("network error") }, [
      "one\ntwo\n",
    ]);
    expect(seen.filter((each) => !each.startsWith("("))).toEqual(["one", "two"]);
  });

  it("waits for a worker that is made again", async () => {
    const { seen, error } = await follow(["one\n"], gone, gone, ["other\n"]);
    expect(seen.filter((each) => !each.startsWith("("))).toEqual(["one", "other"]);
    expect(error).toBeUndefined();
  });

  it("pauses longer from time to time, and shortly again once it said something", async () => {
    const { pauses } = await follow(["one\n"], away, away, away, away, away, ["one\ntwo\n"], ["one\ntwo\n"]);
    expect(pauses).toEqual([500, 1000, 2000, 4000, 5000, 5000, 500, 1000]);
  });

  it("may be refused at first", async () => {
    expect((await follow(gone)).error).toBe(gone);
  });

  it("is waited for where the server is away at first", async () => {
    expect((await follow(away, ["one\n"])).seen).toEqual(["(broken)", "(open)", "one", "(broken)"]);
  });

  it("ends with the session", async () => {
    const over = new ApiError("no session", 401, "Unauthorized");
    expect((await follow(["one\n"], over)).error).toBe(over);
  });
});
