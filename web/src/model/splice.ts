// Members of a YAML document put in, replaced and taken out by changing only the bytes that they are of. What the ranges of
// the syntax tree do not allow is undefined; the caller looks at what a splice says before it believes it.
import {
  Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Pair,
  type Scalar,
  stringify,
  visit,
  type YAMLMap,
} from "yaml";

export const WRITE = { lineWidth: 0, flowCollectionPadding: false } as const;

export type Path = readonly (string | number)[];

/** How lines of the text end. */
function lineEnd(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** `key: value` as people write it: SQL as a literal block, lists of words in one line. */
function written(key: string, value: unknown): string {
  const document = new Document({ [key]: value });
  visit(document, {
    Seq: (_, node) => {
      if (node.items.every(isScalar)) node.flow = true;
    },
    Scalar: (_, node) => {
      if (typeof node.value === "string" && node.value.includes("\n")) node.type = "BLOCK_LITERAL";
    },
  });
  return document.toString(WRITE).trimEnd();
}

/** Where the line begins that `at` is on. */
const lineStart = (text: string, at: number) => text.lastIndexOf("\n", at - 1) + 1;

/** Where the next line begins. */
function nextLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

function keyOf(pair: Pair): { name: string; from: number; to: number } | undefined {
  const { key } = pair;
  if (!isScalar(key) || !key.range) return undefined;
  return { name: String(key.value), from: key.range[0], to: key.range[1] };
}

/** Where the last byte of a pair's value is, without remarks and blank lines behind it. */
function endOf(pair: Pair): number | undefined {
  const { value } = pair;
  if ((isMap(value) || isSeq(value)) && !value.flow) {
    const last = value.items[value.items.length - 1];
    if (isMap(value) && last) return endOf(last as Pair);
    if (isNode(last)) return last.range?.[1];
  }
  if (isNode(value) && value.range && value.range[1] > value.range[0]) return value.range[1];
  return keyOf(pair)?.to;
}

function indented(lines: string, indent: string, end: string): string {
  return lines
    .split("\n")
    .map((line) => (line === "" ? "" : indent + line))
    .join(end);
}

/** The text with a new member behind the last of a mapping. */
export function withMember(text: string, map: YAMLMap, name: string, value: unknown): string | undefined {
  const end = lineEnd(text);
  if (map.flow) {
    const close = (map.range?.[1] ?? 0) - 1;
    const plain = stringify({ [name]: value }, { ...WRITE, collectionStyle: "flow" }).trim();
    if (text[close] !== "}" || plain.includes("\n")) return undefined;
    return `${text.slice(0, close)}${map.items.length > 0 ? ", " : ""}${plain.slice(1, -1)}${text.slice(close)}`;
  }
  const [first] = map.items;
  const last = map.items[map.items.length - 1];
  const key = first && keyOf(first as Pair);
  const until = last && endOf(last as Pair);
  if (!key || until === undefined) return undefined;
  const indent = text.slice(lineStart(text, key.from), key.from);
  if (indent.trim() !== "") return undefined;
  const at = nextLine(text, until);
  const before = at > 0 && text[at - 1] !== "\n" ? end : "";
  return `${text.slice(0, at)}${before}${indented(written(name, value), indent, end)}${end}${text.slice(at)}`;
}

/** The text without a member of a mapping. Remarks above it stay. */
export function withoutMember(text: string, map: YAMLMap, name: string): string | undefined {
  const index = map.items.findIndex((each) => keyOf(each as Pair)?.name === name);
  const pair = map.items[index] as Pair | undefined;
  const key = pair && keyOf(pair);
  const until = pair && endOf(pair);
  if (!key || until === undefined) return undefined;
  if (map.flow) {
    const following = map.items[index + 1] as Pair | undefined;
    const previous = map.items[index - 1] as Pair | undefined;
    const next = following && keyOf(following);
    if (next) return text.slice(0, key.from) + text.slice(next.from);
    const before = previous && endOf(previous);
    return text.slice(0, before ?? key.from) + text.slice(until);
  }
  const from = lineStart(text, key.from);
  if (text.slice(from, key.from).trim() !== "") return undefined;
  return text.slice(0, from) + text.slice(nextLine(text, until));
}

/** The text with another value for a member that is a list or a mapping, or is to become one. */
export function withOther(text: string, map: YAMLMap, name: string, value: unknown): string | undefined {
  const pair = map.items.find((each) => keyOf(each as Pair)?.name === name) as Pair | undefined;
  const key = pair && keyOf(pair);
  const until = pair && endOf(pair);
  if (!key || until === undefined) return undefined;
  const { value: node } = pair;
  const inLine =
    isNode(node) && node.range && (isScalar(node) || ((isMap(node) || isSeq(node)) && node.flow));
  if (inLine && isSeq(node) && Array.isArray(value)) {
    const list = stringify(value, { ...WRITE, collectionStyle: "flow" }).trim();
    if (node.range && !list.includes("\n"))
      return text.slice(0, node.range[0]) + list + text.slice(node.range[1]);
  }
  if (map.flow) return undefined;
  const from = lineStart(text, key.from);
  const indent = text.slice(from, key.from);
  if (indent.trim() !== "") return undefined;
  const end = lineEnd(text);
  return `${text.slice(0, from)}${indented(written(name, value), indent, end)}${end}${text.slice(nextLine(text, until))}`;
}

/** Only the bytes of a scalar are replaced. */
export function withScalar(text: string, node: Scalar, value: unknown): string | undefined {
  if (!node.range) return undefined;
  const [start, until] = node.range;
  const isBlock = node.type === "BLOCK_LITERAL";
  if (typeof value === "string" && value.includes("\n")) {
    if (!isBlock) return undefined;
    const end = lineEnd(text);
    const [head = "", ...old] = text.slice(start, until).split(/\r?\n/);
    const first = old.find((line) => line.trim() !== "");
    if (!first) return undefined;
    const indent = first.slice(0, first.length - first.trimStart().length);
    const body = indented(value.replace(/\n+$/, ""), indent, end);
    return `${text.slice(0, start)}${head}${end}${body}${end}${text.slice(until)}`;
  }
  if (isBlock) return undefined;
  return text.slice(0, start) + stringify(value, WRITE).trimEnd() + text.slice(until);
}
