import { useQuery as useData } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { type LineageNode, lineageOf } from "../../api/catalog";
import { spaced } from "../../model/product-state";
import { to } from "../../shell/location";
import { Section, type Tone } from "../../ui/display";
import { Failure, Note, SkeletonArea } from "../../ui/feedback";
import type { GraphNode } from "../../ui/graph";

const Graph = lazy(() => import("../../ui/graph"));

function shown(node: LineageNode, root: string): GraphNode {
  const href =
    node.missing || node.kind === "Target"
      ? undefined
      : node.kind === "Dataset"
        ? to.dataset(node.namespace, node.name)
        : to.product(node.namespace, node.name);
  const state = node.missing
    ? "not there"
    : node.kind === "Target"
      ? (node.className ?? "")
      : node.ready
        ? (node.type ?? spaced(node.reason ?? "ready"))
        : spaced(node.reason ?? "not ready");
  const tone: Tone | undefined =
    node.kind === "DataProduct" ? (node.ready ? "good" : "warn") : node.missing ? "bad" : undefined;
  return {
    id: node.id,
    kind: node.kind === "Dataset" ? "dataset" : node.kind === "DataProduct" ? "product" : "target",
    title: node.name,
    href,
    tone,
    here: node.id === root,
    dim: node.readable === false,
    lines: [
      [node.namespace, node.owner].filter(Boolean).join(" · "),
      `${state}${node.more ? ` · ${node.more} more` : ""}`,
    ],
  };
}

export default function Lineage({
  kind,
  ns,
  name,
}: {
  kind: "datasets" | "dataproducts";
  ns: string;
  name: string;
}) {
  const lineage = useData({
    queryKey: ["lineage", kind, ns, name],
    queryFn: ({ signal }) => lineageOf(kind, ns, name, signal),
    retry: false,
  });
  if (lineage.isError) {
    return (
      <Failure what="The lineage could not be read." error={lineage.error} retry={() => lineage.refetch()} />
    );
  }
  const nodes = (lineage.data?.nodes ?? []).map((node) => shown(node, lineage.data?.root ?? ""));
  return (
    <div className="stack">
      {lineage.data?.truncated && (
        <Note tone="idle">Only the nearest 60 are shown. Open one of them to see what is around it.</Note>
      )}
      <Section title="Lineage" flush aside="two steps in each direction">
        {lineage.isPending ? (
          <SkeletonArea height={320} />
        ) : (
          <Suspense fallback={<SkeletonArea height={320} />}>
            <Graph label="Lineage" nodes={nodes} edges={lineage.data?.edges ?? []} />
          </Suspense>
        )}
      </Section>
    </div>
  );
}
