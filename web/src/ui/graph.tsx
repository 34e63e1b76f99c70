// A directed graph, laid out from left to right. Loaded when first shown.
import dagre from "@dagrejs/dagre";
import { Controls, Handle, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { memo, useMemo } from "react";
import { Link } from "wouter";
import { useDark } from "../shell/theme";
import type { Tone } from "./display";
import "./graph.css";
import { Icon, type IconName } from "./icons";

export interface GraphNode {
  id: string;
  kind: "dataset" | "query" | "product" | "target" | "parked";
  title: string;
  href?: string | undefined;
  lines: string[];
  tone?: Tone | undefined;
  here?: boolean;
  dim?: boolean;
}

export interface GraphEdge {
  from: string;
  to: string;
}

const ICONS: Record<GraphNode["kind"], IconName> = {
  dataset: "table",
  query: "filter",
  product: "products",
  target: "target",
  parked: "warn",
};
const WIDTH = 216;
const LINE = 16;
const heightOf = (node: GraphNode) => 38 + node.lines.length * LINE;

const Card = memo(function Card({ data }: NodeProps) {
  const node = data.node as GraphNode;
  const title = (
    <>
      <Icon name={ICONS[node.kind]} size={14} />
      <span className="truncate">{node.title}</span>
    </>
  );
  return (
    <div
      className={`graph-node${node.here ? " graph-here" : ""}${node.dim ? " graph-dim" : ""}${node.tone ? ` tone-${node.tone}` : ""}`}
      style={{ width: WIDTH, height: heightOf(node) }}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className="graph-title">
        {node.href ? (
          <Link href={node.href} className="nopan graph-link">
            {title}
          </Link>
        ) : (
          <span className="graph-link">{title}</span>
        )}
        {node.tone && <span className="dot" aria-hidden="true" />}
      </div>
      {node.lines.map((line, index) => (
        <div key={index} className="graph-line truncate">
          {line}
        </div>
      ))}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});

const NODE_TYPES = { card: Card };

export default function Graph({
  nodes,
  edges,
  label,
  height,
}: {
  nodes: GraphNode[];
  edges: GraphEdge[];
  label: string;
  height: number;
}) {
  const dark = useDark();
  const shape = JSON.stringify([nodes.map((node) => [node.id, node.lines.length]), edges]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the layout depends on the shape only, not on the figures
  const places = useMemo(() => {
    const layout = new dagre.graphlib.Graph();
    layout.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 64, marginx: 16, marginy: 16 });
    layout.setDefaultEdgeLabel(() => ({}));
    for (const node of nodes) layout.setNode(node.id, { width: WIDTH, height: heightOf(node) });
    for (const edge of edges) layout.setEdge(edge.from, edge.to);
    dagre.layout(layout);
    return new Map(
      nodes.map((node) => {
        const at = layout.node(node.id) as { x: number; y: number };
        return [node.id, { x: at.x - WIDTH / 2, y: at.y - heightOf(node) / 2 }];
      }),
    );
  }, [shape]);
  return (
    <section className="graph" style={{ height }} aria-label={label}>
      <ReactFlow
        key={shape}
        nodes={nodes.map((node) => ({
          id: node.id,
          type: "card",
          position: places.get(node.id) ?? { x: 0, y: 0 },
          data: { node },
          width: WIDTH,
          height: heightOf(node),
          draggable: false,
          selectable: false,
          focusable: false,
        }))}
        edges={edges.map((edge) => ({
          id: `${edge.from} ${edge.to}`,
          source: edge.from,
          target: edge.to,
          focusable: false,
          selectable: false,
        }))}
        nodeTypes={NODE_TYPES}
        colorMode={dark ? "dark" : "light"}
        fitView
        fitViewOptions={{ padding: 0.06, maxZoom: 1 }}
        minZoom={0.3}
        maxZoom={1.4}
        nodesConnectable={false}
        nodesDraggable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
      >
        <Controls showInteractive={false} position="bottom-right" />
      </ReactFlow>
    </section>
  );
}
