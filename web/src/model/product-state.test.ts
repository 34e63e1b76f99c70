import { describe, expect, it } from "vitest";
import type { Condition, DataProduct } from "../api/resources";
import type { Progress } from "../api/view";
import { headlineOf, phaseOf, spaced, stepsOf } from "./product-state";

const now = new Date("2026-11-27T09:15:02Z");

function product(conditions: Partial<Condition>[], more: Partial<DataProduct> = {}): DataProduct {
  return {
    apiVersion: "offtake.dev/v1alpha1",
    kind: "DataProduct",
    metadata: { name: "x", namespace: "retail" },
    spec: { sql: "SELECT 1" },
    status: {
      conditions: conditions.map((each) => ({ reason: "", status: "True", type: "", ...each }) as Condition),
    },
    ...more,
  };
}

describe("headline", () => {
  it("says how far a fill is and what is left", () => {
    const progress: Progress = {
      revisions: [
        {
          revision: 1,
          running: true,
          state: "Filling",
          recordsRead: 620_000,
          recordsTotal: 1_000_000,
          fillStarted: "2026-11-27T09:08:30Z",
        },
      ],
    };
    const headline = headlineOf(
      product([{ type: "Ready", status: "False", reason: "Filling" }]),
      progress,
      now,
    );
    expect(headline.text).toBe("Filling 62%, 4 min left");
    expect(headline.moving).toBe(true);
  });

  it("says what comes after the rows are loaded", () => {
    const progress: Progress = { revisions: [{ revision: 1, running: true, state: "Verifying" }] };
    expect(
      headlineOf(product([{ type: "Ready", status: "False", reason: "Filling" }]), progress, now).text,
    ).toBe("Filled, verifying row by row");
  });

  it("says how far behind a live product is", () => {
    const progress: Progress = {
      revisions: [
        {
          revision: 1,
          running: true,
          state: "Live",
          published: true,
          lagMilliseconds: 300,
          completeThrough: "2026-11-27T09:15:01.7Z",
        },
      ],
    };
    const headline = headlineOf(product([{ type: "Ready", reason: "Live" }]), progress, now);
    expect(headline.text).toMatch(/^Live, 0\.3 s behind, complete through \d\d:15:01$/);
    expect(headline.tone).toBe("good");
  });

  it("says what readers see while a rebuild fills", () => {
    const progress: Progress = {
      revisions: [
        { revision: 1, running: true, state: "Live", published: true },
        { revision: 2, running: true, state: "Filling" },
      ],
    };
    const rebuilt = product([{ type: "Ready", status: "False", reason: "Rebuilding" }]);
    rebuilt.status = { ...rebuilt.status, revision: { current: 1, filling: 2 } };
    expect(headlineOf(rebuilt, progress, now).text).toBe("Filling; readers see revision 1");
  });

  it("names what it waits for", () => {
    const waiting = product([
      {
        type: "Ready",
        status: "False",
        reason: "DatasetNotFound",
        message: "dataset retail.orders is not there",
      },
    ]);
    expect(headlineOf(waiting, undefined, now)).toMatchObject({
      phase: "Waiting",
      text: "Waiting: dataset not found",
      detail: "dataset retail.orders is not there",
    });
  });

  it("tells a stall from waiting", () => {
    const stalled = product([
      { type: "Ready", status: "False", reason: "KeyNotUnique", message: "two rows claim key 7" },
      { type: "Stalled", status: "True", reason: "KeyNotUnique" },
    ]);
    expect(headlineOf(stalled, undefined, now).text).toBe("Stalled: key not unique");
    expect(phaseOf(product([], { metadata: { name: "x", deletionTimestamp: "2026-11-27T09:00:00Z" } }))).toBe(
      "Deleting",
    );
  });
});

describe("steps", () => {
  it("has one step in work and the rest ahead", () => {
    const steps = stepsOf(
      product([
        { type: "SchemasResolved", lastTransitionTime: "2026-11-27T09:00:00Z" },
        { type: "Planned" },
        { type: "Provisioned" },
        { type: "Backfilled", status: "False", reason: "Filling" },
        { type: "Ready", status: "False", reason: "Filling" },
      ]),
    );
    expect(steps.map((step) => step.state)).toEqual(["done", "done", "done", "active", "ahead"]);
    expect(steps[0]?.at).toBe("2026-11-27T09:00:00Z");
  });

  it("shows where it is stuck", () => {
    const steps = stepsOf(
      product([
        { type: "SchemasResolved", status: "False", reason: "AccessDenied" },
        { type: "Planned", status: "Unknown" },
        { type: "Ready", status: "False" },
        { type: "Stalled", status: "True" },
      ]),
    );
    expect(steps.map((step) => step.state)).toEqual(["failed", "ahead", "ahead", "ahead", "ahead"]);
  });
});

describe("spaced", () => {
  it.each([
    ["KeyNotUnique", "key not unique"],
    ["BadSQL", "bad SQL"],
    ["RecordNotDecoded", "record not decoded"],
  ])("%s", (reason, said) => expect(spaced(reason)).toBe(said));
});
