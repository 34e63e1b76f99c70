import { describe, expect, it } from "vitest";
import { bytes, count, exactCount, percent, plural, rate, shortPlural } from "./numbers";
import { date, duration, parseDuration, relative, roughly, utc } from "./time";

describe("numbers", () => {
  it.each([
    [0, "0"],
    [9999, "9,999"],
    [10_000, "10k"],
    [12_345, "12.3k"],
    [999_949, "1M"],
    [999_400, "999k"],
    [1_234_567, "1.2M"],
    [123_456_789, "123M"],
    [1_999_999_999, "2B"],
  ])("count(%d) is %s", (value, text) => expect(count(value)).toBe(text));
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [1_048_576, "1 MiB"],
    [5_368_709_120, "5 GiB"],
  ])("bytes(%d) is %s", (value, text) => expect(bytes(value)).toBe(text));
  it.each([
    [0, "0/s"],
    [0.97, "1/s"],
    [1.25, "1.3/s"],
    [12_345, "12.3k/s"],
    [0.5, "30/min"],
    [0.004, "14/h"],
    [0.00003, "2.6/day"],
    [0.000001, "<1/day"],
  ])("rate(%d) is %s", (value, text) => expect(rate(value)).toBe(text));
  it("does not say that all is done before it is", () => {
    expect(percent(0.9999)).toBe("99%");
    expect(percent(1)).toBe("100%");
    expect(percent(0.0001)).toBe("1%");
    expect(percent(0)).toBe("0%");
  });
  it("counts things", () => {
    expect(plural(1, "row")).toBe("1 row");
    expect(plural(1200, "row")).toBe("1,200 rows");
    expect(plural(1, "record does", "records do")).toBe("1 record does");
    expect(shortPlural(1, "record")).toBe("1 record");
    expect(shortPlural(1_234_567, "record")).toBe("1.2M records");
    expect(exactCount(-1200)).toBe("-1,200");
  });
});

describe("time", () => {
  it.each([
    [0, "0 s"],
    [300, "0.3 s"],
    [12_000, "12 s"],
    [59_900, "59 s"],
    [60_000, "1 min"],
    [245_000, "4 min 5 s"],
    [1_500_000, "25 min"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
    [31_557_600_000, "12 months"],
    [94_672_800_000, "3 years"],
  ])("duration(%d) is %s", (value, text) => expect(duration(value)).toBe(text));
  it.each([
    [4_000, "a few seconds"],
    [31_000, "40 s"],
    [58_000, "1 min"],
    [240_000, "4 min"],
    [7_200_000, "2 h"],
    [172_800_000, "2 d"],
  ])("roughly(%d) is %s", (value, text) => expect(roughly(value)).toBe(text));
  const now = new Date("2026-11-27T12:00:00Z");
  it.each([
    ["2026-11-27T11:59:58Z", "just now"],
    ["2026-11-27T11:59:30Z", "30 s ago"],
    ["2026-11-27T11:00:01Z", "59 min ago"],
    ["2026-11-26T11:00:00Z", "yesterday"],
    ["2026-11-17T11:00:00Z", "10 d ago"],
    ["2025-11-27T11:00:00Z", "12 months ago"],
    ["2026-11-27T12:05:00Z", "in 5 min"],
  ])("%s is %s", (text, said) => expect(relative(new Date(text), now)).toBe(said));
  it("writes instants in UTC", () => expect(utc(now)).toBe("2026-11-27 12:00:00 UTC"));
  it("writes a day as it is said, with its year where that is another", () => {
    expect(date(new Date("2026-08-29T12:00:00"), now)).toBe("29 Aug");
    expect(date(new Date("2025-11-02T12:00:00"), now)).toBe("2 Nov 2025");
  });
  it("reads durations of resources", () => {
    expect(parseDuration("90d")).toBe(7_776_000_000);
    expect(parseDuration("1h30m")).toBe(5_400_000);
    expect(parseDuration("0d")).toBeUndefined();
    expect(parseDuration("90")).toBeUndefined();
    expect(parseDuration("Beginning")).toBeUndefined();
  });
});
