import { beforeEach, describe, expect, it } from "vitest";
import { LogLines } from "./log-lines";

let lines: LogLines;
beforeEach(() => {
  lines = new LogLines();
});

const take = (...texts: string[]) => lines.take(texts.map((text) => `${text}\n`).join(""));

describe("the lines of a log", () => {
  it("are put together from pieces", () => {
    expect(lines.take("on")).toEqual([]);
    expect(lines.take("e\ntwo\n\nthr")).toEqual(["one", "two"]);
    expect(lines.take("ee\n")).toEqual(["three"]);
  });

  it("come once when it is read again", () => {
    take("one", "two");
    lines.take("thr");
    lines.restart();
    expect(take("one")).toEqual([]);
    expect(take("two", "three", "four")).toEqual(["three", "four"]);
    expect(take("five")).toEqual(["five"]);
    lines.restart();
    expect(take("one", "two", "three", "four", "five", "six")).toEqual(["six"]);
  });

  it("come once where a reading had more than one file", () => {
    take("old 1", "old 2", "new 1", "new 2");
    lines.restart();
    expect(take("new 1", "new 2", "new 3")).toEqual(["new 3"]);
  });

  it("are all new in another file, also one that begins alike", () => {
    take("starting", "one");
    lines.restart();
    expect(take("starting")).toEqual([]);
    expect(take("other")).toEqual(["starting", "other"]);
    lines.restart();
    expect(take("nothing of it")).toEqual(["nothing of it"]);
  });

  it("may be the same line many times", () => {
    take("tick", "tick", "tick");
    lines.restart();
    expect(take("tick", "tick")).toEqual([]);
    expect(take("tick")).toEqual([]);
    expect(take("tick")).toEqual(["tick"]);
    expect(take("tock")).toEqual(["tock"]);
  });

  it("are taken for new from the last place that fits when an earlier one does not", () => {
    take("a", "b", "a");
    lines.restart();
    // Either the first "a" or the last.
    expect(take("a")).toEqual([]);
    expect(take("c")).toEqual(["c"]);
  });

  it("are awaited when a second break comes in the middle", () => {
    take("one", "two", "three");
    lines.restart();
    expect(take("one", "two")).toEqual([]);
    lines.restart();
    expect(take("one", "two", "three", "four")).toEqual(["four"]);
  });
});
