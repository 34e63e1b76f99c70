import { describe, expect, it } from "vitest";
import type { DataProduct } from "../../api/resources";
import type { Plan } from "../../api/view";
import { operatorsOf, pipelineOf } from "./pipeline";

const EXPLAIN = `Project p.payment_id AS payment_id
  InnerJoin on p.order_id = o.order_id
    Project p.payment_id
      Filter (p.status = 'CAPTURED'::text)
        Scan retail.payments (payment_id, order_id, status) event, windowed
    Scan retail.orders (order_id) event, whole
Output: payment_id bigint not null
Identity: key (payment_id), watched
`;

describe("pipeline", () => {
  it("reads the tree and leaves projections out", () => {
    const tree = operatorsOf(EXPLAIN);
    expect(tree?.name).toBe("InnerJoin");
    expect(tree?.inputs.map((each) => each.name)).toEqual(["Filter", "Scan"]);
    expect(tree?.inputs[0]?.inputs[0]?.detail).toMatch(/^retail\.payments/);
    expect(operatorsOf("")).toBeUndefined();
  });

  it("draws datasets, operators and the target", () => {
    const product = {
      metadata: { name: "x", namespace: "retail" },
      spec: { sql: "" },
      status: { endpoint: { type: "sqlite", address: "a", object: "x" } },
    } as unknown as DataProduct;
    const plan = { explain: EXPLAIN, sources: [] } as unknown as Plan;
    const { nodes, edges } = pipelineOf(
      product,
      { revisions: [{ revision: 1, running: true, parked: 2 }] },
      plan,
    );
    expect(nodes.map((node) => node.title)).toEqual(["payments", "Filter", "orders", "Join", "x", "Parked"]);
    expect(nodes[1]?.lines).toEqual(["p.status = 'CAPTURED'"]);
    expect(edges).toHaveLength(5);
  });
});
