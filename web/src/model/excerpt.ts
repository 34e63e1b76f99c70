// What of a longer text is shown where something was found in it.

export interface Marked {
  text: string;
  ranges: [number, number][];
}

const isLowSurrogate = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;

/**
 * About `most` characters of the text with its first mark among them, cut between words. What is left out is told by "…",
 * which is never part of a mark.
 */
export function excerpt({ text, ranges }: Marked, most: number): Marked {
  if (text.length <= most) return { text, ranges };
  const [first, firstEnd] = ranges[0] ?? [0, 0];
  let start = 0;
  if (firstEnd > most * 0.7) {
    start = Math.max(0, first - Math.floor(most * 0.4));
    const gap = text.slice(start, first).search(/\s\S/);
    start = gap >= 0 ? start + gap + 1 : first;
  }
  let end = Math.max(firstEnd, start + most);
  if (end < text.length) {
    const word = text.slice(firstEnd, end + 1).search(/\s\S*$/);
    if (word >= 0) end = firstEnd + word;
    else if (isLowSurrogate(text, end)) end += 1;
  } else {
    end = text.length;
  }
  const before = start > 0 ? "…" : "";
  const moved = before.length - start;
  return {
    text: `${before}${text.slice(start, end)}${end < text.length ? "…" : ""}`,
    ranges: ranges
      .filter(([from, to]) => from >= start && to <= end)
      .map(([from, to]) => [from + moved, to + moved]),
  };
}
