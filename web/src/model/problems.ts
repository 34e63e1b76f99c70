// Problems that the server tells by line and column, at their place in the text that is edited.
import type { Problem } from "../api/view";
import type { EditorProblem } from "../ui/editor";
import type { Manifest } from "./manifest";

/** The UTF-16 offset of a line and column (both from 1, columns in characters). */
export function offsetAt(text: string, line: number, column: number): number {
  let start = 0;
  for (let at = 1; at < line; at += 1) {
    const next = text.indexOf("\n", start);
    if (next < 0) return text.length;
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  const characters = [...text.slice(start, end < 0 ? text.length : end)];
  return start + characters.slice(0, Math.max(0, column - 1)).join("").length;
}

/** From an offset to the end of the word or quoted name that begins there. */
export function wordEnd(text: string, from: number): number {
  const match = /^(?:"[^"\n]*"|'[^'\n]*'|[\p{L}\p{N}_.$]+|[^\s])/u.exec(text.slice(from));
  return from + (match?.[0].length ?? 1);
}

/** UTF-8 byte offsets to UTF-16 ones. */
export function fromBytes(text: string, byteOffset: number): number {
  let bytes = 0;
  let at = 0;
  for (const character of text) {
    if (bytes >= byteOffset) return at;
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += character.length;
  }
  return at;
}

const said = (problem: Problem) => (problem.hint ? `${problem.message}\n${problem.hint}` : problem.message);

export function problemsInYaml(
  manifest: Manifest,
  sql: { line: number; column: number; block: boolean } | undefined,
  told: readonly Problem[],
): EditorProblem[] {
  const { text } = manifest;
  const own = manifest.problems.map((problem) => ({
    from: problem.from,
    to: problem.to,
    severity: "error" as const,
    message: problem.message,
  }));
  const others = told.map((problem) => {
    const from = placeOf(text, sql, problem);
    return {
      from,
      to: wordEnd(text, from),
      severity: problem.condition ? ("warning" as const) : ("error" as const),
      message: said(problem),
    };
  });
  return [...own, ...others];
}

function placeOf(
  text: string,
  sql: { line: number; column: number; block: boolean } | undefined,
  problem: Problem,
): number {
  if (problem.field?.startsWith("spec.sql") && sql && problem.line) {
    const line = sql.line + problem.line - 1;
    const indent = sql.block || problem.line === 1 ? sql.column - 1 : 0;
    return offsetAt(text, line, indent + (problem.column ?? 1));
  }
  // The last member that the path names, as it is written.
  const name = problem.field
    ?.split(/[.[\]]/)
    .filter((part) => part && !/^\d+$/.test(part))
    .at(-1);
  const found = name ? new RegExp(`(^|[\\s{,])${name}:`, "m").exec(text) : null;
  return found ? found.index + (found[1]?.length ?? 0) : 0;
}

export function problemsInSql(
  sql: string,
  told: readonly {
    severity: "Error" | "Warning" | "Waiting";
    message: string;
    hint?: string;
    range?: [number, number];
  }[],
): EditorProblem[] {
  return told
    .filter((problem) => problem.range)
    .map((problem) => {
      const from = fromBytes(sql, problem.range?.[0] ?? 0);
      const to = fromBytes(sql, problem.range?.[1] ?? 0);
      return {
        from,
        to: to > from ? to : wordEnd(sql, from),
        severity:
          problem.severity === "Error" ? "error" : problem.severity === "Warning" ? "warning" : "info",
        message: problem.hint ? `${problem.message}\n${problem.hint}` : problem.message,
      };
    });
}
