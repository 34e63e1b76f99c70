// A product as YAML, edited through its syntax tree: comments, order and style of what is not touched stay.
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  stringify,
} from "yaml";
import type { DataProduct } from "../api/resources";

const WRITE = { lineWidth: 0, flowCollectionPadding: false } as const;

export interface ManifestProblem {
  message: string;
  line: number;
  column: number;
  from: number;
  to: number;
}

export interface Manifest {
  text: string;
  /** The document as plain data; undefined while the text is no YAML mapping. */
  value: Record<string, unknown> | undefined;
  problems: ManifestProblem[];
}

type Path = readonly (string | number)[];

function parsed(text: string): { document: Document.Parsed; lines: LineCounter } {
  const lines = new LineCounter();
  return { document: parseDocument(text, { lineCounter: lines, prettyErrors: false }), lines };
}

export function readManifest(text: string): Manifest {
  const { document, lines } = parsed(text);
  const problems = [...document.errors, ...document.warnings].map((problem) => {
    const at = lines.linePos(problem.pos[0]);
    return {
      message: problem.message,
      line: at.line,
      column: at.col,
      from: problem.pos[0],
      to: Math.max(problem.pos[1], problem.pos[0] + 1),
    };
  });
  if (problems.length === 0 && !isMap(document.contents)) {
    problems.push({
      message: "a document begins with apiVersion, kind, metadata and spec",
      line: 1,
      column: 1,
      from: 0,
      to: Math.min(text.length, 1),
    });
  }
  const usable = document.errors.length === 0 && isMap(document.contents);
  return { text, value: usable ? (document.toJS() as Record<string, unknown>) : undefined, problems };
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (at === null || typeof at !== "object") return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

// A text of several lines is a literal block, with a break at its end, as people write SQL.
function block(text: string): string {
  return text.includes("\n") && !text.endsWith("\n") ? `${text}\n` : text;
}

/**
 * The text with `value` at `path`; undefined takes the member away, and mappings that are empty then. Text that already
 * says the same is returned as it is. Throws where the text is no YAML.
 */
export function withValue(text: string, path: Path, value: unknown): string {
  const { document } = parsed(text);
  if (document.errors.length > 0) throw new Error("the YAML has to be well-formed first");
  const before = valueAt(document.toJS(), path);
  const wanted = typeof value === "string" ? block(value) : value;
  if (
    same(before, wanted) ||
    (typeof before === "string" && typeof value === "string" && before.trimEnd() === value.trimEnd())
  )
    return text;
  if (value === undefined) {
    document.deleteIn(path);
    for (let depth = path.length - 1; depth > 1; depth -= 1) {
      const parent = document.getIn(path.slice(0, depth), true);
      if ((isMap(parent) || isSeq(parent)) && parent.items.length === 0)
        document.deleteIn(path.slice(0, depth));
      else break;
    }
    return document.toString(WRITE);
  }
  const node = document.getIn(path, true);
  if (isScalar(node) && (value === null || typeof value !== "object")) {
    const spliced = splicedScalar(text, node, wanted);
    if (spliced !== undefined && same(valueAt(parsed(spliced).document.toJS(), path), wanted)) return spliced;
  }
  if (isScalar(node) && (value === null || typeof value !== "object")) {
    // The scalar stays, with the comments that hang on it.
    node.value = wanted;
    restyle(node, wanted);
  } else {
    const made = document.createNode(wanted);
    if (isScalar(made)) restyle(made, wanted);
    if (isSeq(made) && made.items.every(isScalar)) made.flow = true;
    document.setIn(path, made);
  }
  return document.toString(WRITE);
}

// Only the bytes of the scalar are replaced; undefined where its style does not allow that.
function splicedScalar(text: string, node: Scalar, value: unknown): string | undefined {
  if (!node.range) return undefined;
  const [start, end] = node.range;
  const isBlock = node.type === "BLOCK_LITERAL";
  if (typeof value === "string" && value.includes("\n")) {
    if (!isBlock) return undefined;
    const old = text.slice(start, end).split("\n");
    const first = old.slice(1).find((line) => line.trim() !== "");
    if (!first) return undefined;
    const indent = first.slice(0, first.length - first.trimStart().length);
    const lines = value.replace(/\n+$/, "").split("\n");
    const body = lines.map((line) => (line.trim() === "" ? "" : indent + line)).join("\n");
    return `${text.slice(0, start)}${old[0]}\n${body}\n${text.slice(end)}`;
  }
  if (isBlock) return undefined;
  return text.slice(0, start) + stringify(value, WRITE).trimEnd() + text.slice(end);
}

function restyle(node: Scalar, value: unknown) {
  if (typeof value === "string" && value.includes("\n")) node.type = "BLOCK_LITERAL";
  else if (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED") delete node.type;
}

/** Where spec.sql stands in the text: the line that its first line is on, and how far it is indented. */
export function placeOfSql(text: string): { line: number; column: number; block: boolean } | undefined {
  const { document, lines } = parsed(text);
  const node = document.getIn(["spec", "sql"], true);
  if (!isScalar(node) || !node.range) return undefined;
  const at = lines.linePos(node.range[0]);
  if (node.type !== "BLOCK_LITERAL" && node.type !== "BLOCK_FOLDED") {
    const quoted = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
    return { line: at.line, column: at.col + (quoted ? 1 : 0), block: false };
  }
  const first =
    text
      .split("\n")
      .slice(at.line)
      .find((line) => line.trim() !== "") ?? "";
  return { line: at.line + 1, column: first.length - first.trimStart().length + 1, block: true };
}

/** What a person would write and keep in Git: without what the server adds. */
export function manifestOf(product: DataProduct): string {
  const { metadata } = product;
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([name]) => !name.startsWith("kubectl.kubernetes.io/")),
  );
  const spec = { ...product.spec, sql: block(product.spec.sql.trimEnd()) };
  return stringify(
    {
      apiVersion: product.apiVersion ?? "offtake.dev/v1alpha1",
      kind: "DataProduct",
      metadata: {
        name: metadata.name,
        namespace: metadata.namespace,
        ...(metadata.labels && Object.keys(metadata.labels).length > 0 ? { labels: metadata.labels } : {}),
        ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      },
      spec: withoutDefaults(spec),
    },
    { ...WRITE, blockQuote: "literal" },
  );
}

// Constant defaults are filled in by the server; nobody writes them.
const DEFAULTS: [Path, unknown][] = [
  [["delivery", "errorPolicy"], "Park"],
  [["delivery", "emit"], "Changes"],
  [["history", "keep"], "All"],
  [["history", "whenMissing"], "Fail"],
  [["rollout", "keepPrevious"], "None"],
  [["rollout", "verify"], "Checksum"],
  [["runner", "type"], "Auto"],
  [["freshness"], "60s"],
  [["deletionPolicy"], "Delete"],
];

function withoutDefaults(spec: Record<string, unknown>): Record<string, unknown> {
  const out = structuredClone(spec);
  for (const [path, value] of DEFAULTS) {
    if (valueAt(out, path) !== value) continue;
    const last = path[path.length - 1] as string;
    const parent = path.length > 1 ? (valueAt(out, path.slice(0, -1)) as Record<string, unknown>) : out;
    delete parent[last];
  }
  for (const [name, member] of Object.entries(out)) {
    const empty = member !== null && typeof member === "object" && Object.keys(member).length === 0;
    if (empty) delete out[name];
  }
  return out;
}
