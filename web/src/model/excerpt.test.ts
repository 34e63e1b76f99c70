import { describe, expect, it } from "vitest";
import { excerpt } from "./excerpt";

const marked = (text: string, word: string) => ({
  text,
  ranges: [...text.matchAll(new RegExp(word, "g"))].map(
    (found) => [found.index, found.index + word.length] as [number, number],
  ),
});
const marks = ({ text, ranges }: { text: string; ranges: [number, number][] }) =>
  ranges.map(([from, to]) => text.slice(from, to));

describe("an excerpt", () => {
  const text = "One record per customer; the latest one with a customer_id is the customer as she is now.";

  it("is the whole text where it fits", () => {
    const whole = marked(text, "customer");
    expect(excerpt(whole, 100)).toEqual(whole);
  });

  it("ends between words, and keeps the marks that it has", () => {
    const short = excerpt(marked(text, "customer"), 56);
    expect(short.text).toBe("One record per customer; the latest one with a…");
    expect(marks(short)).toEqual(["customer"]);
  });

  it("begins before a mark that is far behind", () => {
    const short = excerpt(marked(text, "now"), 30);
    expect(short.text).toBe("…as she is now.");
    expect(marks(short)).toEqual(["now"]);
  });

  it("has a mark that is longer than itself", () => {
    const long = marked(`${"x ".repeat(40)}${"y".repeat(50)} z`, "y{50}");
    const short = excerpt({ text: long.text, ranges: [[80, 130]] }, 30);
    expect(marks(short)).toEqual(["y".repeat(50)]);
  });

  it("cuts no character into halves", () => {
    const short = excerpt({ text: "🚚".repeat(40), ranges: [] }, 31);
    expect(short.text).toBe(`${"🚚".repeat(16)}…`);
  });
});
