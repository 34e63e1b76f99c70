// Search within what is already here.

/** How well `text` fits all `words`: 0 not at all; more is better. Beginnings of words count more. */
export function relevance(words: readonly string[], text: string): number {
  const lower = text.toLowerCase();
  let total = 1;
  for (const word of words) {
    const at = lower.indexOf(word);
    if (at < 0) return 0;
    const before = lower[at - 1];
    total += at === 0 ? 4 : before && /[^a-z0-9]/.test(before) ? 2 : 1;
  }
  return total;
}

export function words(query: string): string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Those that fit, the best first; equally good ones keep their order. */
export function ranked<T>(query: string, items: readonly T[], textOf: (item: T) => string): T[] {
  const wanted = words(query);
  if (wanted.length === 0) return [...items];
  return items
    .map((item, index) => ({ item, index, score: relevance(wanted, textOf(item)) }))
    .filter((each) => each.score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map((each) => each.item);
}
