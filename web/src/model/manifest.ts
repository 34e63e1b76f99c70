// A product as YAML, edited through its syntax tree: comments, order and style of what is not touched stay.
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  stringify,
  visit,
  type YAMLMap,
} from "yaml";
import type { DataProduct } from "../api/resources";
import { type Path, WRITE, withMember, withOther, withoutMember, withScalar } from "./splice";

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
  if (usable) readTexts(document);
  return { text, value: usable ? (document.toJS() as Record<string, unknown>) : undefined, problems };
}

// What the resource has as text is text as it stands, also where YAML alone would take it for a number: `owner: 007`.
const TEXTS: Path[] = [
  ["metadata", "name"],
  ["metadata", "namespace"],
  ["metadata", "labels"],
  ["metadata", "annotations"],
  ["spec", "owner"],
  ["spec", "description"],
  ["spec", "sql"],
  ["spec", "history", "from"],
  ["spec", "target", "className"],
  ["spec", "target", "name"],
  ["spec", "target", "key"],
];

function readTexts(document: Document.Parsed): void {
  for (const path of TEXTS) {
    visit(document.getIn(path, true) as Node | null, {
      Scalar: (where, node) => {
        const word = where !== "key" && node.value !== null && typeof node.value !== "string";
        if (word && node.source !== undefined) node.value = node.source;
      },
    });
  }
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
 * The text with `value` at `path`; undefined takes the member away, and mappings that are empty then. Only the bytes that it
 * is about change; where the style of the text does not allow that, the document is written anew with its comments. Text
 * that already says the same is returned as it is. Throws where the text is no YAML.
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
  const change = changeOf(document, path, wanted);
  const splice = spliced(text, document, change);
  rewrite(document, change);
  const meant = document.toJS();
  if (splice !== undefined) {
    const found = parsed(splice).document;
    if (found.errors.length === 0 && same(found.toJS(), meant)) return splice;
  }
  return document.toString(WRITE);
}

/** What changes: the deepest mapping that is there, the member of it, and what becomes of that; undefined: it goes. */
interface Change {
  at: Path;
  name: string | number;
  value: unknown;
}

function changeOf(document: Document.Parsed, path: Path, value: unknown): Change {
  let depth = path.length - 1;
  if (value === undefined) {
    // A mapping that only has this goes with it, but for those at the top.
    const only = (at: Path) => {
      const node = document.getIn(at, true);
      return (isMap(node) || isSeq(node)) && node.items.length === 1;
    };
    while (depth > 1 && only(path.slice(0, depth))) depth -= 1;
    return { at: path.slice(0, depth), name: path[depth] ?? "", value: undefined };
  }
  let made = value;
  while (depth > 0 && !isMap(document.getIn(path.slice(0, depth), true))) {
    made = { [path[depth] as string]: made };
    depth -= 1;
  }
  return { at: path.slice(0, depth), name: path[depth] ?? "", value: made };
}

function spliced(text: string, document: Document.Parsed, { at, name, value }: Change): string | undefined {
  const map = at.length === 0 ? document.contents : document.getIn(at, true);
  if (!isMap(map) || typeof name !== "string") return undefined;
  if (!map.has(name)) return withMember(text, map as YAMLMap, name, value);
  if (value === undefined) return withoutMember(text, map as YAMLMap, name);
  const node = map.get(name, true);
  const plain = value === null || typeof value !== "object";
  return isScalar(node) && plain
    ? (withScalar(text, node, value) ?? withOther(text, map as YAMLMap, name, value))
    : withOther(text, map as YAMLMap, name, value);
}

/** The same in the tree, which is what the text then has to say. */
function rewrite(document: Document.Parsed, { at, name, value }: Change): void {
  const path = [...at, name];
  if (value === undefined) {
    document.deleteIn(path);
    return;
  }
  const node = document.getIn(path, true);
  if (isScalar(node) && (value === null || typeof value !== "object")) {
    // The scalar stays, with the comments that hang on it.
    node.value = value;
    restyle(node, value);
    return;
  }
  const made = document.createNode(value);
  if (isScalar(made)) restyle(made, value);
  if (isSeq(made) && made.items.every(isScalar)) made.flow = true;
  document.setIn(path, made);
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
