// A product's pipeline as a graph: what is read, what becomes of it, where it lands, with rows at each stage.
import type { DataProduct } from "../../api/resources";
import type { Plan, Progress } from "../../api/view";
import { bytes, count, exactCount } from "../../format/numbers";
import { servedRevision } from "../../model/product-state";
import { to } from "../../shell/location";
import type { GraphEdge, GraphNode } from "../../ui/graph";

export function pipelineOf(
  product: DataProduct,
  progress: Progress | undefined,
  plan: Plan | undefined,
): { nodes: GraphNode[]; edges: GraphEdge[]; height: number } {
  const ns = product.metadata.namespace ?? "";
  const served = servedRevision(progress);
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const sources = (product.status?.sources ?? []).map((source) => ({
    ...source,
    planned: plan?.sources.find((each) => each.dataset === `${source.namespace}/${source.name}`),
  }));
  for (const source of sources) {
    const id = `dataset ${source.namespace}/${source.name}`;
    const { planned } = source;
    nodes.push({
      id,
      kind: "dataset",
      title: source.namespace === ns ? source.name : `${source.namespace}.${source.name}`,
      href: to.dataset(source.namespace, source.name),
      lines: [
        planned
          ? `${count(planned.records)} records · ${bytes(planned.bytes)}`
          : `schema version ${source.schemaVersion ?? "–"}`,
        planned
          ? `${planned.columns.length} of ${planned.columnsTotal} columns, ${planned.read}`
          : `${source.columns ?? "–"} columns`,
      ],
    });
    edges.push({ from: id, to: "query" });
  }
  const read = served ? (served.recordsRead ?? 0) + (served.recordsLive ?? 0) : undefined;
  nodes.push({
    id: "query",
    kind: "query",
    title: sources.length > 1 ? "Join and shape" : "Shape",
    lines: [
      read === undefined ? "not started" : `${count(read)} records in`,
      served?.rows === undefined ? "no rows yet" : `${count(served.rows)} rows out`,
    ],
    tone: served?.state === "Stalled" ? "bad" : served?.state === "Live" ? "good" : served ? "busy" : "idle",
  });
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
    edges.push({ from: "query", to: "parked" });
  }
  const endpoint = product.status?.endpoint;
  nodes.push({
    id: "target",
    kind: "target",
    title: endpoint?.object ?? product.spec.target?.name ?? product.metadata.name.replaceAll("-", "_"),
    lines: [
      endpoint?.type ?? product.spec.target?.className ?? "default class",
      served?.rows === undefined || !served.published
        ? "not published yet"
        : `${exactCount(served.rows)} rows`,
    ],
    tone: served?.published ? "good" : "idle",
  });
  edges.push({ from: "query", to: "target" });
  return { nodes, edges, height: Math.max(190, Math.min(420, sources.length * 84 + 40)) };
}
