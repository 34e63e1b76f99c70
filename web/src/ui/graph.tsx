// A directed graph, laid out from left to right. Loaded when first shown.
import dagre from "@dagrejs/dagre";
import { Controls, Handle, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { memo, useEffect, useMemo, useRef, useState } from "react";
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
const WIDTH = 196;
const LINE = 16;
const heightOf = (node: GraphNode) => 38 + node.lines.length * LINE;

const Card = memo(function Card({ data }: NodeProps) {
  const node = data.node as GraphNode;
  const down = data.down === true;
  const title = (
    <>
      <Icon name={ICONS[node.kind]} size={14} />
      <span className="truncate" title={node.title}>
        {node.title}
      </span>
    </>
  );
  return (
    <div
      className={`graph-node${node.here ? " graph-here" : ""}${node.dim ? " graph-dim" : ""}${node.tone ? ` tone-${node.tone}` : ""}`}
      style={{ width: WIDTH, height: heightOf(node) }}
    >
      <Handle type="target" position={down ? Position.Top : Position.Left} isConnectable={false} />
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
        <div key={index} className="graph-line truncate" title={line}>
          {line}
        </div>
      ))}
      <Handle type="source" position={down ? Position.Bottom : Position.Right} isConnectable={false} />
    </div>
  );
});

const NODE_TYPES = { card: Card };

interface Layout {
  places: Map<string, { x: number; y: number }>;
  width: number;
  height: number;
  down: boolean;
}

function layOut(nodes: GraphNode[], edges: GraphEdge[], down: boolean): Layout {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({
    rankdir: down ? "TB" : "LR",
    nodesep: 16,
    ranksep: down ? 36 : 52,
    marginx: 16,
    marginy: 16,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: WIDTH, height: heightOf(node) });
  for (const edge of edges) graph.setEdge(edge.from, edge.to);
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const places = new Map(
    nodes.map((node) => {
      const at = graph.node(node.id) as { x: number; y: number };
      return [node.id, { x: at.x - WIDTH / 2, y: at.y - heightOf(node) / 2 }];
    }),
  );
  return { places, width, height, down };
}

/** From left to right where there is room for that, else from top to bottom. */
export default function Graph({
  nodes,
  edges,
  label,
}: {
  nodes: GraphNode[];
  edges: GraphEdge[];
  label: string;
}) {
  const dark = useDark();
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(0);
  useEffect(() => {
    if (!box.current) return;
    const sized = new ResizeObserver(([entry]) =>
      setRoom(Math.round((entry?.contentRect.width ?? 0) / 20) * 20),
    );
    sized.observe(box.current);
    return () => sized.disconnect();
  }, []);
  const shape = JSON.stringify([nodes.map((node) => [node.id, node.lines.length]), edges]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the layout depends on the shape only, not on the figures
  const layout = useMemo(() => {
    const across = layOut(nodes, edges, false);
    return across.width <= room * 1.15 ? across : layOut(nodes, edges, true);
  }, [shape, room]);
  const fits = layout.width <= room * 1.15 && layout.height <= 560;
  const height = Math.max(120, Math.min(560, layout.height * Math.min(1, room / Math.max(layout.width, 1))));
  return (
    <div ref={box} className="graph" style={{ height }} role="group" aria-label={label}>
      {room > 0 && (
        <ReactFlow
          key={`${shape} ${room}`}
          nodes={nodes.map((node) => ({
            id: node.id,
            type: "card",
            position: layout.places.get(node.id) ?? { x: 0, y: 0 },
            data: { node, down: layout.down },
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
          fitViewOptions={{ padding: 0.02, maxZoom: 1 }}
          minZoom={0.3}
          maxZoom={1.4}
          nodesConnectable={false}
          nodesDraggable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          preventScrolling={false}
          proOptions={{ hideAttribution: true }}
        >
          {!fits && <Controls showInteractive={false} position="bottom-right" />}
        </ReactFlow>
      )}
    </div>
  );
}
