// A product's pipeline as a graph: what is read, each operator of the plan, where it lands, with rows where they are known.
import type { DataProduct } from "../../api/resources";
import type { Plan, Progress } from "../../api/view";
import { bytes, exactCount, plural, shortPlural } from "../../format/numbers";
import { columnsAmong } from "../../model/column-tree";
import { servedRevision } from "../../model/product-state";
import { to } from "../../shell/location";
import type { GraphEdge, GraphNode } from "../../ui/graph";

export interface Operator {
  id: string;
  /** "Scan", "Filter", "InnerJoin" … */
  name: string;
  detail: string;
  inputs: Operator[];
}

/** The tree that a plan's explanation draws by indentation; what only renames columns is left out. */
export function operatorsOf(explain: string): Operator | undefined {
  const stack: { depth: number; operator: Operator }[] = [];
  let root: Operator | undefined;
  let at = 0;
  for (const line of explain.split("\n")) {
    const match = /^( *)([A-Z][A-Za-z]*)(?: (.*))?$/.exec(line);
    if (!match || line.includes("Output:")) break;
    const depth = (match[1] ?? "").length;
    const operator = { id: `operator ${at++}`, name: match[2] ?? "", detail: match[3] ?? "", inputs: [] };
    while (stack.length > 0 && (stack.at(-1)?.depth ?? 0) >= depth) stack.pop();
    const parent = stack.at(-1);
    if (parent) parent.operator.inputs.push(operator);
    else root = operator;
    stack.push({ depth, operator });
  }
  const shortened = (operator: Operator): Operator => {
    const [input] = operator.inputs;
    if (operator.name === "Project" && input) return shortened(input);
    return { ...operator, inputs: operator.inputs.map(shortened) };
  };
  return root && shortened(root);
}

const NAMES: Record<string, string> = {
  Filter: "Filter",
  InnerJoin: "Join",
  LeftJoin: "Left join",
  Aggregate: "Group",
  Distinct: "Distinct",
  Union: "Union",
  UnionAll: "Union",
};

const plain = (detail: string) =>
  detail
    .replace(/^on /, "")
    .replace(/::[a-z ]+/g, "")
    .replace(/[()]/g, "");

export function pipelineOf(
  product: DataProduct,
  progress: Progress | undefined,
  plan: Plan | undefined,
): { nodes: GraphNode[]; edges: GraphEdge[] } {
  const ns = product.metadata.namespace ?? "";
  const served = servedRevision(progress);
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const scans = new Map<string, number>();

  const dataset = (full: string): string => {
    // A dataset that is read twice stands there twice.
    const times = (scans.get(full) ?? 0) + 1;
    scans.set(full, times);
    const id = times === 1 ? `dataset ${full}` : `dataset ${full} ${times}`;
    const [inNamespace = "", name = ""] = full.split("/");
    const source = product.status?.sources?.find(
      (each) => each.namespace === inNamespace && each.name === name,
    );
    const planned = plan?.sources.find((each) => each.dataset === full);
    nodes.push({
      id,
      kind: "dataset",
      title: inNamespace === ns ? name : `${inNamespace}.${name}`,
      href: to.dataset(inNamespace, name),
      lines: planned
        ? [
            `${shortPlural(planned.records, "record")} · ${bytes(planned.bytes)}`,
            `${columnsAmong(planned.columns)} of ${planned.columnsTotal} columns, ${planned.read}`,
          ]
        : [
            source?.columns === undefined ? "– columns" : plural(source.columns, "column"),
            `schema version ${source?.schemaVersion ?? "–"}`,
          ],
    });
    return id;
  };

  const walk = (operator: Operator): string => {
    if (operator.name === "Scan") return dataset((operator.detail.split(" ")[0] ?? "").replace(".", "/"));
    const from = operator.inputs.map(walk);
    nodes.push({
      id: operator.id,
      kind: "query",
      title: NAMES[operator.name] ?? operator.name,
      lines: [plain(operator.detail) || " "],
    });
    for (const each of from) edges.push({ from: each, to: operator.id });
    return operator.id;
  };

  const tree = plan?.explain ? operatorsOf(plan.explain) : undefined;
  let last: string[];
  if (tree) {
    last = [walk(tree)];
  } else {
    last = (product.status?.sources ?? []).map((source) => dataset(`${source.namespace}/${source.name}`));
  }

  const endpoint = product.status?.endpoint;
  nodes.push({
    id: "target",
    kind: "target",
    title: endpoint?.object ?? product.spec.target?.name ?? product.metadata.name.replaceAll("-", "_"),
    lines: [
      served?.rows === undefined ? "no rows yet" : plural(served.rows, "row"),
      served?.published ? `${endpoint?.type ?? ""}, published` : "not published yet",
    ],
    tone: served?.state === "Stalled" ? "bad" : served?.published ? "good" : served ? "busy" : "idle",
  });
  for (const each of last) edges.push({ from: each, to: "target" });

  const left = (served?.parked ?? 0) + (served?.parkedWaiting ?? 0) + (served?.errorRows ?? 0);
  if (left > 0) {
    nodes.push({
      id: "parked",
      kind: "parked",
      title: "Parked",
      href: to.product(ns, product.metadata.name, "parked"),
      lines: [`${exactCount(left)} left out`],
      tone: "warn",
    });
    for (const each of last) edges.push({ from: each, to: "parked" });
  }
  return { nodes, edges };
}
