// What a product's conditions and moving numbers mean, in one line.
import { type Condition, condition, type DataProduct } from "../api/resources";
import type { Progress, RevisionProgress } from "../api/view";
import { count, percent } from "../format/numbers";
import { clock, duration, parseInstant, roughly } from "../format/time";
import type { Tone } from "../ui/display";

export type Phase =
  | "Live"
  | "Filling"
  | "Rebuilding"
  | "Paused"
  | "Waiting"
  | "Stalled"
  | "Deleting"
  | "Starting";

export const PHASES: readonly Phase[] = [
  "Live",
  "Filling",
  "Rebuilding",
  "Waiting",
  "Stalled",
  "Paused",
  "Starting",
  "Deleting",
];

const TONES: Record<Phase, Tone> = {
  Live: "good",
  Filling: "busy",
  Rebuilding: "busy",
  Starting: "busy",
  Waiting: "warn",
  Stalled: "bad",
  Paused: "idle",
  Deleting: "idle",
};

export function phaseOf(product: DataProduct): Phase {
  if (product.metadata.deletionTimestamp) return "Deleting";
  const ready = condition(product, "Ready");
  if (ready?.reason === "Paused" || (product.spec.paused && !ready)) return "Paused";
  if (condition(product, "Stalled")?.status === "True") return "Stalled";
  switch (ready?.reason) {
    case "Live":
      return ready.status === "True" ? "Live" : "Starting";
    case "Filling":
      return "Filling";
    case "Rebuilding":
      return "Rebuilding";
    case "CatchingUp":
    case "WorkerStarting":
    case "Pending":
    case undefined:
      return "Starting";
    default:
      return "Waiting";
  }
}

export const toneOf = (phase: Phase): Tone => TONES[phase];
export const isMoving = (phase: Phase): boolean =>
  phase === "Filling" || phase === "Rebuilding" || phase === "Starting" || phase === "Deleting";

/** The revision that readers see, else the newest. */
export function servedRevision(progress: Progress | undefined): RevisionProgress | undefined {
  const revisions = progress?.revisions ?? [];
  return revisions.findLast((each) => each.published) ?? revisions.at(-1);
}

/** The revision that is being filled beside or instead of it. */
export function fillingRevision(progress: Progress | undefined): RevisionProgress | undefined {
  const newest = progress?.revisions.at(-1);
  return newest && !newest.published ? newest : undefined;
}

export interface Fill {
  fraction: number | undefined;
  leftMs: number | undefined;
  perSecond: number | undefined;
}

export function fillOf(revision: RevisionProgress | undefined, product: DataProduct, now: Date): Fill {
  const read = revision?.recordsRead;
  const total = revision?.recordsTotal;
  const started = parseInstant(revision?.fillStarted);
  if (revision && read !== undefined && total !== undefined && started) {
    if (revision.fillCompleted) return { fraction: 1, leftMs: 0, perSecond: undefined };
    const seconds = (now.getTime() - started.getTime()) / 1000;
    const perSecond = seconds > 1 && read > 0 ? read / seconds : undefined;
    return {
      fraction: total > 0 ? Math.min(read / total, 1) : undefined,
      leftMs: perSecond ? ((total - read) / perSecond) * 1000 : undefined,
      perSecond,
    };
  }
  const known = product.status?.backfill?.percent;
  return { fraction: known === undefined ? undefined : known / 100, leftMs: undefined, perSecond: undefined };
}

const STAGES: Partial<Record<string, string>> = {
  Indexing: "building keys and indexes",
  Verifying: "verifying row by row",
  CatchingUp: "catching up before it is published",
};

function filling(revision: RevisionProgress | undefined, product: DataProduct, now: Date): string {
  const stage = revision?.state ? STAGES[revision.state] : undefined;
  if (stage) return `Filled, ${stage}`;
  const fill = fillOf(revision, product, now);
  const done = fill.fraction === undefined ? "Filling" : `Filling ${percent(fill.fraction)}`;
  return fill.leftMs === undefined ? done : `${done}, ${roughly(fill.leftMs)} left`;
}

export interface Headline {
  phase: Phase;
  tone: Tone;
  moving: boolean;
  text: string;
  /** A sentence more: what it waits for. */
  detail?: string | undefined;
  /** Since when it is so. */
  since?: string | undefined;
}

/** The one line that says how a product is. */
export function headlineOf(product: DataProduct, progress: Progress | undefined, now: Date): Headline {
  const phase = phaseOf(product);
  const ready = condition(product, "Ready");
  const served = servedRevision(progress);
  const next = fillingRevision(progress);
  const line = (text: string, detail?: string): Headline => ({
    phase,
    tone: toneOf(phase),
    moving: isMoving(phase),
    text,
    detail,
    since: ready?.lastTransitionTime,
  });
  switch (phase) {
    case "Live": {
      const parts = ["Live"];
      if (served?.lagMilliseconds !== undefined) parts.push(`${duration(served.lagMilliseconds)} behind`);
      const through = parseInstant(served?.completeThrough);
      if (through) parts.push(`complete through ${clock(through)}`);
      const lag = served?.lagRecords ?? 0;
      return line(
        parts.join(", "),
        lag > 1000 ? `${count(lag)} records are waiting to be taken in.` : undefined,
      );
    }
    case "Filling":
      return line(filling(next ?? served, product, now), ready?.message);
    case "Rebuilding":
      return line(
        `${filling(next, product, now)}; readers see revision ${product.status?.revision?.current ?? served?.revision ?? "before"}`,
        ready?.message,
      );
    case "Paused":
      return line("Paused", served ? "Readers see what was there when it was paused." : undefined);
    case "Stalled":
      return line(
        `Stalled: ${spaced(ready?.reason ?? condition(product, "Stalled")?.reason ?? "")}`,
        ready?.message,
      );
    case "Waiting":
      return line(`Waiting: ${spaced(ready?.reason ?? "")}`, ready?.message);
    case "Deleting":
      return line(
        "Being deleted",
        product.metadata.finalizers?.length ? "The flow is being stopped and its target removed." : undefined,
      );
    case "Starting":
      return line(
        ready?.reason === "CatchingUp" ? "Published, catching up" : "Starting",
        ready?.reason === "Pending" ? undefined : ready?.message,
      );
  }
}

/** "KeyNotUnique" -> "key not unique" */
export function spaced(reason: string): string {
  return reason
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(" ")
    .map((word) => (word.length > 1 && word === word.toUpperCase() ? word : word.toLowerCase()))
    .join(" ");
}

export type StepState = "done" | "active" | "failed" | "waiting" | "ahead";

export interface Step {
  id: string;
  name: string;
  state: StepState;
  at?: string | undefined;
  message?: string | undefined;
}

const STEPS = [
  ["SchemasResolved", "Schema"],
  ["Planned", "Plan"],
  ["Provisioned", "Infrastructure"],
  ["Backfilled", "Backfill"],
  ["Ready", "Live"],
] as const;

/** schema -> plan -> infrastructure -> backfill -> live, each with how it stands and since when. */
export function stepsOf(product: DataProduct): Step[] {
  const stalled = condition(product, "Stalled")?.status === "True";
  let open = false;
  return STEPS.map(([type, name]) => {
    const found = condition(product, type);
    const state = stateOf(found, open, stalled, type);
    if (state !== "done") open = true;
    return {
      id: type,
      name,
      state,
      at: state === "ahead" ? undefined : found?.lastTransitionTime,
      message: state === "ahead" ? undefined : found?.message,
    };
  });
}

function stateOf(found: Condition | undefined, open: boolean, stalled: boolean, type: string): StepState {
  if (found?.status === "True") return "done";
  if (open) return "ahead";
  if (found?.status === "False") {
    if (stalled) return "failed";
    const working = type === "Backfilled" || type === "Ready";
    return working ? "active" : "waiting";
  }
  return "active";
}
