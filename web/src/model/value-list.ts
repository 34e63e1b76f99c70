// A list of values as one line of text: separated by commas; in quotes what holds one, or blanks at its ends, or nothing.

/** `CAPTURED, 'a, b', ''` */
export function listText(values: readonly string[]): string {
  return values
    .map((value) =>
      value === "" || value !== value.trim() || /[,']/.test(value)
        ? `'${value.replaceAll("'", "''")}'`
        : value,
    )
    .join(", ");
}

/** The values again. A quote that is not closed goes to the end. */
export function listValues(text: string): string[] {
  return [...text.matchAll(/\s*(?:'((?:[^']|'')*)'?\s*|([^,]*))(,|$)/g)].flatMap(([whole, quoted, plain]) => {
    if (quoted !== undefined) return [quoted.replaceAll("''", "'")];
    const word = (plain ?? "").trim();
    return whole === "" || word === "" ? [] : [word];
  });
}
